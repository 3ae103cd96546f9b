/** `whittle search` from the goal to the packed file, its recipe and what was measured. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compress } from '../../../compiler/cli/compress.ts';
import { type OpenMeter, searchVerb } from '../../../compiler/cli/search.ts';
import { DeviceError } from '../../../compiler/errors.ts';
import { scratchFolder } from '../samples/scratch.ts';
import { jsonOf, runCli } from './run-cli.ts';
import { type TinyModel, writeTinyModel } from './tiny-model.ts';

const scratch = scratchFolder();
let tiny: TinyModel;
let output: string;

const noDevices: OpenMeter = () => Promise.reject(new DeviceError('no device in this test'));

function run(goal: string, argv: readonly string[] = [], openMeter: OpenMeter = noDevices) {
  const files = [tiny.onnx, '--samples', tiny.samples, '-o', output];
  return runCli([searchVerb(openMeter)], ['search', ...files, '--goal', goal, '--json', ...argv]);
}

beforeAll(async () => {
  tiny = await writeTinyModel(scratch);
  output = scratch.path('found.whittle');
});

describe('search', () => {
  test('reaches a size, and its recipe makes the same file', async () => {
    const result = await run('size<=960B,drop<=100');
    expect(result.exitCode, result.stderr).toBe(0);
    const document = jsonOf(result);
    expect(document.met).toBe(true);
    expect(document.packedBytes).toBe(statSync(output).size);
    expect(document.packedBytes).toBeLessThanOrEqual(960);
    expect(document.candidates[0].costs.size).toBeGreaterThan(960);
    expect(document.candidates.filter(({ written }: { written: boolean }) => written)).toHaveLength(1);
    for (const key of ['parameters', 'nonzeroParameters', 'macs', 'drop']) expect(document[key], key).toBeTypeOf('number');
    expect(document.layers.map(({ layer }: { layer: string }) => layer)).toEqual(['conv', 'scores']);

    const again = scratch.path('again.whittle');
    const name = ['--name', 'tiny'];
    const made = await runCli(
      [compress],
      ['compress', tiny.onnx, '--recipe', document.recipe, '--samples', tiny.samples, '-o', again, ...name],
    );
    expect(made.exitCode, made.stderr).toBe(0);
    expect(Buffer.compare(readFileSync(again), readFileSync(output))).toBe(0);
  });

  test('a second call measures nothing twice, whatever the goal, and finds the same', async () => {
    rmSync(scratch.path('found.search.json'), { force: true });
    const first = jsonOf(await run('size<=960B'));
    const measured = Object.keys(JSON.parse(readFileSync(first.state, 'utf8')).trials).length;
    const bytes = readFileSync(output);
    rmSync(output);
    const second = await run('size<=960B');
    expect(second.stderr).toContain(`${measured} measurements are there already`);
    expect(Object.keys(JSON.parse(readFileSync(first.state, 'utf8')).trials)).toHaveLength(measured);
    expect(jsonOf(second).candidates).toEqual(first.candidates);
    expect(Buffer.compare(readFileSync(output), bytes)).toBe(0);
  });

  test('a goal that cannot be reached: the best is written, and said, exit code 5', async () => {
    const result = await run('size<=10B');
    expect(result.exitCode).toBe(5);
    expect(result.stderr).toContain('the goal "size<=10B" is not met; the best that was found, and written, has size');
    expect(jsonOf(result).packedBytes).toBe(statSync(output).size);
  });

  test('with a limit on the drop alone the file becomes as small as it allows', async () => {
    const document = jsonOf(await run('drop<=20'));
    expect(document.met).toBe(true);
    expect(document.drop).toBeLessThanOrEqual(20);
    expect(document.packedBytes).toBeLessThan(0.95 * document.candidates[0].costs.size);
  });

  test('a device measures what the goal asks of it', async () => {
    const meter: OpenMeter = (device) =>
      Promise.resolve({
        device,
        unit: 'instructions',
        measure: (packed) => Promise.resolve(1000 * packed.length),
        close: () => Promise.resolve(),
      });
    const document = jsonOf(await run('instructions<=1.45M', ['--on', 'qemu:none'], meter));
    expect(document.instructions).toBe(1000 * document.packedBytes);
    expect(document.packedBytes).toBeLessThanOrEqual(1450);
    expect(document.candidates[0].costs.instructions).toBeGreaterThan(1_450_000);
    const wrong = await run('time<=1ms', ['--on', 'qemu:none'], meter);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('qemu:none measures instructions, not time');
  });

  test('goals that mean nothing, or need a device, are usage errors', async () => {
    const unreadable = await run('small please');
    expect(unreadable.exitCode).toBe(2);
    expect(unreadable.stderr).toContain('"small please" is no limit');
    const timeless = await run('size<=1KB', ['--max-minutes', 'soon']);
    expect(timeless.exitCode).toBe(2);
    expect(timeless.stderr).toContain('expected a number of minutes above 0');
    const deviceless = await run('time<=1ms');
    expect(deviceless.exitCode).toBe(2);
    expect(deviceless.stderr).toContain('time is measured on a device: give --on node');
  });
});
