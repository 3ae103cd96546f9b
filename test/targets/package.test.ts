import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Executor } from '../../compiler/execute.ts';
import { compactPacked } from '../../compiler/packed/compact.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { packageRoot } from '../../compiler/root.ts';
import { targets } from '../../targets/index.ts';
import { nodeTarget } from '../../targets/node/target.ts';
import { smallGraph, smallModel } from '../small-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.for(targets.map(({ name }) => name))('target %s writes a complete package', async (name) => {
  const target = targets.find((candidate) => candidate.name === name);
  const written = await target?.package(readPackedModel(smallModel()), join(folder, name), {});
  const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(join(folder, name), join(entry.parentPath, entry.name)));
  expect(paths.sort()).toEqual([...(written?.files ?? [])].sort());
  expect(written?.files).toContain('README.md');
});

describe('the node package', () => {
  const place = join(folder, 'used');
  beforeAll(() => nodeTarget.package(readPackedModel(smallModel()), place, {}));

  function runInNode(body: string) {
    const script = join(folder, 'use.mjs');
    writeFileSync(
      script,
      `import { createSession } from ${JSON.stringify(pathToFileURL(join(place, 'index.js')).href)};\nconst session = await createSession();\n${body}`,
    );
    const { stdout, stderr } = spawnSync('node', [script], { encoding: 'utf8' });
    return stdout || stderr;
  }

  test('runs real and stored values to what the compiler computes', async () => {
    const stored = Uint8Array.from({ length: 108 }, (_, i) => (i * 37) % 256);
    const real = Float32Array.from(stored, (value) => (value - 128) / 64);
    const executor = await Executor.create(smallGraph());
    const expected = Array.from(executor.run([real])[0]?.data as Float32Array);
    const printed = runInNode(`const stored = Uint8Array.from({ length: 108 }, (_, i) => (i * 37) % 256);
const fromStored = await session.run(stored);
const fromReal = await session.run({ x: Float32Array.from(stored, (value) => (value - 128) / 64) });
console.log(JSON.stringify([Array.from(fromStored.y), Array.from(fromReal.y)]));`);
    expect(JSON.parse(printed)).toEqual([expected, expected]);
  });

  test('names what is wrong with an input', () => {
    expect(runInNode('await session.run(new Float32Array(5)).catch((error) => console.log(error.message));')).toContain(
      'input "x" has 5 values, expected 108 values [1, 6, 6, 3]',
    );
    expect(runInNode('await session.run({ y: new Float32Array(108) }).catch((error) => console.log(error.message));')).toContain(
      'input "x" is missing',
    );
    expect(
      runInNode('session.dispose(); await session.run(new Float32Array(108)).catch((error) => console.log(error.message));'),
    ).toContain('disposed');
  });

  test('its declarations type-check a program that uses them', () => {
    const program = join(place, 'use.ts');
    writeFileSync(
      program,
      `import { createSession } from './index.js';
const session = await createSession();
const { y }: { readonly y: Float32Array } = await session.run({ x: new Float32Array(108) });
// @ts-expect-error the model has no output z
const z = (await session.run(new Uint8Array(108))).z;
console.log(y, z);
`,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--lib',
      'es2022,esnext.disposable,dom',
      '--types',
      '',
      program,
    ];
    const { stdout, status } = spawnSync(join(packageRoot, 'node_modules', '.bin', 'tsc'), options, { encoding: 'utf8', cwd: place });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

test('a package of a compact model brings what expands it, other packages do not', async () => {
  const compact = compactPacked(smallModel());
  const place = join(folder, 'compact');
  const { files } = await nodeTarget.package(readPackedModel(compact), place, {});
  expect(files).toContain('expand.js');
  expect((await nodeTarget.package(readPackedModel(smallModel()), join(folder, 'plain'), {})).files).not.toContain('expand.js');
  const sessionOf = async (name: string) => (await import(pathToFileURL(join(folder, name, 'index.js')).href)).createSession();
  const [expanded, plain] = [await sessionOf('compact'), await sessionOf('plain')];
  const input = Float32Array.from({ length: 108 }, (_, i) => (i % 17) - 8);
  expect((await expanded.run(input)).y).toEqual((await plain.run(input)).y);
  expect(expanded.info).toMatchObject({ modelBytes: compact.length, arenaBytes: plain.info.arenaBytes });
});
