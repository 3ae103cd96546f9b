/** Every case of every kernel's tests, on the kernels as C on this workstation: whittle's translation and wabt's wasm2c. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { packageRoot } from '../../compiler/root.ts';
import { translatedVocabularies } from '../../targets/mcu/build-runtime-c.ts';
import { type RecordedCase, readRecordedCases } from '../recorded-case.ts';
import { requireTool } from '../require-tool.ts';
import { expectSameArenas, type ImageCase, imageCases } from '../targets/mcu/compare-cases.ts';
import { type NativeOptions, NativeRunner, sanitizers } from '../targets/mcu/native-runner.ts';

let cases: RecordedCase[] = [];

/** Runs the kernels' tests for it. */
function recordCases(): RecordedCase[] {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-cases-'));
  try {
    const argv = ['vitest', 'run', '--config', 'test/record.vitest.config.ts'];
    const env = { ...process.env, WHITTLE_RECORD_CASES: folder };
    const { status, stdout } = spawnSync('npx', argv, { cwd: packageRoot, env, encoding: 'utf8' });
    expect(status, stdout).toBe(0);
    return readRecordedCases(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

beforeAll(() => {
  // In .ci/run the same tests ran a moment ago, and recorded.
  const recorded = process.env.WHITTLE_RECORD_CASES;
  cases = recorded ? readRecordedCases(recorded) : recordCases();
}, 600_000);

test('cases of every opcode were recorded', () => {
  const seen = new Set(cases.flatMap(({ model }) => readPackedModel(model).opcodes));
  expect([...opcodeNames].filter(([opcode]) => !seen.has(opcode))).toEqual([]);
  expect(cases.length).toBeGreaterThan(2000);
});

const builds: readonly (Pick<NativeOptions, 'flags' | 'wasm2c' | 'isHost'> & { readonly label: string })[] = [
  { label: 'with sanitizers', flags: ['-std=c99', '-O1', ...sanitizers] },
  { label: 'where products and sums may be fused', flags: ['-std=gnu11', '-O3', '-march=haswell', '-ffp-contract=fast'] },
  { label: 'with integer requantization', flags: ['-std=c99', '-O2', '-DWHITTLE_INTEGER_REQUANTIZE=1'] },
  { label: 'of the same module as wasm2c', isHost: true },
  { label: 'of wasm2c', flags: ['-O1', '-w'], wasm2c: true },
];

for (const vocabulary of translatedVocabularies) {
  let images: ImageCase[] | undefined;
  // The emitter writes no vectors of the host: of MVE's it translates the board's calls only, and wasm2c the host's vectors.
  const possible = builds.filter(({ isHost }) => !(isHost && vocabulary === 'mve'));
  test.for(possible)(`${vocabulary}: the C $label gives the bytes of Node`, async ({ label, ...options }) => {
    if (!requireTool('gcc')) return;
    using runner = await NativeRunner.build({ opcodes: [...opcodeNames.keys()], vocabulary, ...options });
    images ??= await imageCases(cases, vocabulary);
    expectSameArenas(runner, images, label);
  });
}
