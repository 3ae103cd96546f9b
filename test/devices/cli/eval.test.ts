import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/cli/compile.ts';
import { Engine } from '../../../compiler/engine.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import { evaluation } from '../../../devices/cli/eval.ts';
import { run as runVerb } from '../../../devices/cli/run.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { channelsFirst, referenceScores, sampleCount, type TinyModel, writeTinyModel } from '../../compiler/cli/tiny-model.ts';
import { encodeOnnx, onnxNode } from '../../compiler/ops/onnx-case.ts';
import { floatNpy } from '../../compiler/samples/npy-bytes.ts';
import { scratchFolder } from '../../compiler/samples/scratch.ts';
import { requireTool } from '../../require-tool.ts';

const scratch = scratchFolder();
const run = (...argv: string[]) => runCli([compile, evaluation, runVerb], argv);
let tiny: TinyModel;
let packed: string;

beforeAll(async () => {
  tiny = await writeTinyModel(scratch);
  packed = scratch.path('tiny.whittle');
  expect((await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', packed)).exitCode).toBe(0);
});

/** Output bytes of all samples, computed by the engine without any of eval's code. */
async function outputsOfEngine(): Promise<Uint8Array[]> {
  const bytes = readFileSync(packed);
  const [input] = readPackedModel(bytes).metadata.inputs;
  const engine = await Engine.create(await fullRuntime('scalar'), bytes);
  return Array.from({ length: sampleCount }, (_, index) => {
    const image = channelsFirst(index);
    const target = new Int8Array(48);
    for (let i = 0; i < 16; i++) {
      for (let c = 0; c < 3; c++) {
        // All scales of this model are far from a tie, so Math.round is the same as round-to-nearest-even.
        const rounded = Math.round(Math.fround((image[c * 16 + i] as number) / Math.fround(input?.scale ?? 0)));
        target[i * 3 + c] = Math.max(-128, Math.min(127, rounded + (input?.zeroPoint ?? 0)));
      }
    }
    engine.input(0, 48).set(new Uint8Array(target.buffer));
    engine.run();
    return engine.output(0, 3).slice();
  });
}

describe('whittle eval', () => {
  it('compares with labels and with the float model', async () => {
    const report = jsonOf(await run('eval', packed, '--samples', tiny.samples, '--reference', tiny.onnx, '--json'));
    expect(report).toMatchObject({ metric: 'top1', samples: 12, float: 10 / 12, on: 'node', variant: 'simd' });
    expect(report).toMatchObject({
      referenceAgreement: 1,
      referenceSamples: 12,
      referenceRuntime: expect.stringContaining('onnxruntime-web'),
    });
    expect(report.referenceMaxDifference).toBeLessThan(1e-4);
    expect(report.agreement).toBeGreaterThanOrEqual(10 / 12);
    expect(Math.abs(report.int8 - report.float)).toBeLessThanOrEqual(1 - report.agreement + 1e-9);
    expect(report.sqnr).toBeGreaterThan(20);
  });

  it('hashes the output bytes of all samples in order, the same on every variant', async () => {
    const crc = (await outputsOfEngine()).reduce((value, bytes) => crc32(bytes, value), 0);
    for (const variant of ['simd', 'scalar']) {
      const report = jsonOf(await run('eval', packed, '--samples', tiny.samples, '--variant', variant, '--json'));
      expect(report.outputCrc32).toBe(crc.toString(16).padStart(8, '0'));
      expect(report).toMatchObject({ float: null, agreement: null, sqnr: null });
    }
  });

  it.skipIf(!requireTool('chromium'))('gives the same bytes in Chromium', async () => {
    const crcOn = async (device: string) =>
      jsonOf(await run('eval', packed, '--samples', tiny.samples, '--on', device, '--json')).outputCrc32;
    expect(await crcOn('chromium')).toBe(await crcOn('node'));
  });

  it('measures agreement where there are no labels', async () => {
    const report = jsonOf(await run('eval', packed, '--samples', tiny.unlabelled, '--reference', tiny.onnx, '--json'));
    expect(report).toMatchObject({ metric: 'agreement', float: 1 });
    expect(report.int8).toBe(report.agreement);
  });

  it('takes real values from .npy, in ONNX order, with the same result', async () => {
    const values = Array.from({ length: sampleCount }, (_, i) => channelsFirst(i)).flat();
    const path = scratch.write('x.npy', floatNpy([sampleCount, 3, 4, 4], values));
    const crcOf = async (samples: string) => jsonOf(await run('eval', packed, '--samples', samples, '--json')).outputCrc32;
    expect(await crcOf(path)).toBe(await crcOf(tiny.samples));
  });

  it('prints facts', async () => {
    const { stdout } = await run('eval', packed, '--samples', tiny.samples, '--reference', tiny.onnx, '--limit', '6');
    expect(stdout).toMatch(/^samples +6$/m);
    expect(stdout).toMatch(/^float top-1 +\d+\.\d\d %$/m);
    expect(stdout).toMatch(/^outputs +CRC-32 [0-9a-f]{8} on node \(simd\)$/m);
    expect(stdout).toMatch(/^reference +agrees with ONNX Runtime \S+ on 100\.00 % of 6 samples/m);
  });

  it('is a gate with --max-drop', async () => {
    const argv = ['eval', packed, '--samples', tiny.samples, '--reference', tiny.onnx, '--max-drop'];
    expect((await run(...argv, '100')).exitCode).toBe(0);
    const failed = await run(...argv, '-100', '--json');
    expect(failed.exitCode).toBe(5);
    expect(failed.stderr).toMatch(/^the metric drops by -?\d+\.\d\d points, --max-drop allows -100$/m);
    expect(jsonOf(failed).samples).toBe(12);
    expect((await run('eval', packed, '--samples', tiny.samples, '--max-drop', '1')).exitCode).toBe(2);
  });

  it('refuses what does not belong together', async () => {
    const x = { type: 'float32', shape: [1, 3, 4, 4], data: [] } as const;
    const other = scratch.write(
      'other.onnx',
      encodeOnnx({ nodes: [onnxNode('Relu', ['image'], 'y')], inputs: { image: x }, outputs: { y: 'float32' } }),
    );
    const attempts: [string[], number, string][] = [
      [
        [packed, '--samples', tiny.samples, '--reference', other],
        2,
        'its outputs are y [1, 3, 4, 4], those of the packed model are scores [1, 3]',
      ],
      [[packed, '--samples', tiny.samples, '--on', 'toaster'], 2, '--on toaster: unknown device; known are node, chromium'],
      [[tiny.onnx, '--samples', tiny.samples], 2, 'is an ONNX model; compile it first'],
      [[packed], 2, "required option '--samples <path>' not specified"],
      [[scratch.path('missing.whittle'), '--samples', tiny.samples], 8, 'missing.whittle: does not exist'],
    ];
    for (const [argv, exitCode, message] of attempts) {
      const result = await run('eval', ...argv, '--json');
      expect(jsonOf(result).error.message).toContain(message);
      expect(result.exitCode).toBe(exitCode);
    }
  });
});

describe('whittle run', () => {
  it('prints the outputs and the best classes', async () => {
    const report = jsonOf(await run('run', packed, '--input', tiny.samples, '--index', '3', '--json'));
    const [output] = report.outputs;
    expect(output).toMatchObject({ name: 'scores', shape: [1, 3] });
    const expected = (await referenceScores())[3] as number[];
    const [port] = readPackedModel(readFileSync(packed)).metadata.outputs;
    output.values.forEach((value: number, i: number) => {
      // A few quantization steps: the errors of both layers.
      expect(Math.abs(value - (expected[i] as number))).toBeLessThan(4 * (port?.scale ?? 0));
    });
    const best = output.values.indexOf(Math.max(...output.values));
    expect(output.top[0]).toEqual({ index: best, label: ['ant', 'bee', 'cat'][best], value: output.values[best] });
    expect(output.top.map(({ value }: { value: number }) => value)).toEqual([...output.values].sort((a, b) => b - a));
  });

  it('takes raw bytes: stored values, and real values', async () => {
    const valuesOf = async (path: string) => jsonOf(await run('run', packed, '--input', path, '--json')).outputs[0].values;
    const expected = await valuesOf(tiny.samples);
    const stored = scratch.write('stored.bin', readFileSync(scratch.path('x.bin')).subarray(0, 48));
    expect(await valuesOf(stored)).toEqual(expected);
    const real = scratch.write('real.bin', new Uint8Array(Float32Array.from(channelsFirst(0)).buffer));
    expect(await valuesOf(real)).toEqual(expected);
  });

  it('says what an input may be', async () => {
    const short = await run('run', packed, '--input', scratch.write('short.bin', new Uint8Array(47)));
    expect(short.exitCode).toBe(8);
    expect(short.stderr).toContain('short.bin: holds 47 bytes; input "image" [1, 3, 4, 4] takes 48 (stored values) or 192 (float32)');
    const beyond = await run('run', packed, '--input', tiny.samples, '--index', '12');
    expect(beyond.exitCode).toBe(2);
    expect(beyond.stderr).toContain('--index 12');
    expect((await run('run', packed, '--input', scratch.path('none.png'))).exitCode).toBe(8);
  });

  it('prints a table of the classes', async () => {
    expect((await run('run', packed, '--input', tiny.samples)).stdout).toMatch(/^scores \[1, 3\]\n# +class +value\n/);
  });
});
