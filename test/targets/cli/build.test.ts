import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../targets/cli/build.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { scratchFolder } from '../../compiler/samples/scratch.ts';
import { int8Model } from '../../int8-model.ts';

const scratch = scratchFolder();
const run = (...argv: string[]) => runCli([build], ['build', ...argv]);
let packed: string;

beforeAll(async () => {
  packed = scratch.write('tiny.whittle', await int8Model());
});

describe('whittle build --target mcu', () => {
  it('writes the folder and says what it costs', async () => {
    const folder = scratch.path('library');
    const result = await run(packed, '--target', 'mcu', '--board', 'microbit', '-o', folder, '--json');
    expect(result.exitCode).toBe(0);
    const { files, flashBytes, ramBytes, arenaBytes, textBytes, imageBytes, core, vocabulary, costs } = jsonOf(result);
    for (const file of files) expect(existsSync(join(folder, file)), file).toBe(true);
    for (const file of ['src/tiny.h', 'src/tiny.c', 'src/tiny_runtime.c', 'src/whittle_port.h', 'library.properties', 'CMakeLists.txt'])
      expect(files).toContain(file);
    expect([core, vocabulary]).toEqual(['cortex-m0', 'scalar']);
    expect(flashBytes).toBeGreaterThanOrEqual(textBytes + imageBytes);
    expect(ramBytes).toBeGreaterThan(arenaBytes);
    expect(costs).toHaveLength(1);
  });

  it('gives an upper bound where the compiler of the board is missing', async () => {
    const linked = jsonOf(await run(packed, '--target', 'mcu', '--board', 'pico', '-o', scratch.path('linked'), '--json'));
    const path = process.env.PATH;
    process.env.PATH = scratch.path('nothing');
    try {
      const bound = jsonOf(await run(packed, '--target', 'mcu', '--board', 'pico', '-o', scratch.path('bound'), '--json'));
      expect(bound.costs[0].method).toBe('bound');
      expect(bound.flashBytes).toBeGreaterThanOrEqual(linked.flashBytes);
      expect(bound.ramBytes).toBeGreaterThanOrEqual(linked.ramBytes);
      expect(bound.arenaBytes).toBe(linked.arenaBytes);
    } finally {
      process.env.PATH = path;
    }
  });

  it('refuses what it does not know, and writes nothing', async () => {
    const folder = scratch.path('none');
    const wrong = [
      ['--target', 'vax'],
      ['--target', 'mcu', '--board', 'vax'],
      ['--target', 'mcu', '--vocabulary', 'vax'],
      ['--target', 'mcu', '--board', 'microbit', '--vocabulary', 'dsp'],
    ];
    for (const options of wrong) {
      const result = await run(packed, ...options, '-o', folder);
      expect(result.exitCode, options.join(' ')).toBe(2);
      expect(result.stderr).toMatch(/known are|its vocabulary is scalar/);
    }
    expect(existsSync(folder)).toBe(false);
  });
});
