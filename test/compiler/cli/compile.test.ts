import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { encode as encodePng } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/cli/compile.ts';
import { inspect } from '../../../compiler/cli/inspect.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { scratchFolder } from '../samples/scratch.ts';
import { jsonOf, runCli } from './run-cli.ts';
import { type TinyModel, writeTinyModel } from './tiny-model.ts';

const scratch = scratchFolder();
const run = (...argv: string[]) => runCli([compile, inspect], argv);
let tiny: TinyModel;

beforeAll(async () => {
  tiny = await writeTinyModel(scratch);
});

describe('whittle compile', () => {
  it('packs a model and reports its costs', async () => {
    const output = scratch.path('out/tiny.whittle');
    const result = await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', output, '--json');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const report = jsonOf(result);
    expect(report).toMatchObject({
      model: tiny.onnx,
      output,
      name: 'tiny',
      packedBytes: statSync(output).size,
      sourceBytes: statSync(tiny.onnx).size,
      parameters: 5 * 27 + 5 + 3 * 80 + 3,
      macs: 16 * 5 * 27 + 3 * 80,
      calibrationSamples: 12,
      floatIslands: [],
    });
    expect(report.arenaBytes).toBeGreaterThanOrEqual(report.arenaLowerBound);
    expect(report.seconds).toBeGreaterThan(0);
    const layers = report.layers.map(({ node, dtype }: { node: string; dtype: string }) => [node, dtype]);
    expect(layers).toEqual([
      ['conv', 'int8'],
      ['scores', 'int8'],
    ]);
    const { metadata } = readPackedModel(readFileSync(output));
    expect(metadata.labels).toEqual(['ant', 'bee', 'cat']);
    expect(metadata.preprocess).toEqual({ offset: -128, scale: 1 / 64 });
    expect(readdirSync(scratch.path('out'))).toEqual(['tiny.whittle']);
  });

  it('gives the same bytes for the same call, and others for another method', async () => {
    const bytesOf = async (name: string, ...more: string[]) => {
      const output = scratch.path(name);
      expect((await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', output, ...more)).exitCode).toBe(0);
      return readFileSync(output);
    };
    const first = await bytesOf('a.whittle');
    expect((await bytesOf('b.whittle')).equals(first)).toBe(true);
    expect((await bytesOf('c.whittle', '--calibration-method', 'min-max', '--limit', '4')).equals(first)).toBe(false);
  });

  it('keeps layers in float32 when asked, and says so', async () => {
    const report = jsonOf(
      await run('compile', tiny.onnx, '--samples', tiny.samples, '--keep-float', 'conv', '-o', scratch.path('kept.whittle'), '--json'),
    );
    expect(report.floatIslands).toEqual([{ node: 'conv', operator: 'Conv2d', reason: 'kept in float32 as asked' }]);
    const float = jsonOf(await run('compile', tiny.onnx, '--float', '-o', scratch.path('float.whittle'), '--json'));
    expect(float.layers.every(({ dtype }: { dtype: string }) => dtype === 'float32')).toBe(true);
  });

  it('prints a table of the layers', async () => {
    const { stdout } = await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', scratch.path('table.whittle'));
    expect(stdout).toMatch(/^layer +operator +type +output +MACs +constants +stored +SQNR dB\n/);
    expect(stdout).toMatch(/^conv +Conv2d +int8 +1×4×4×5 +2 160 +\d+ +\d+\.\d$/m);
    expect(stdout).toMatch(/^calibrated on +12 samples$/m);
  });

  it('writes nothing when it fails', async () => {
    const output = scratch.path('never.whittle');
    const attempts: [string[], number, string][] = [
      [[tiny.onnx], 2, 'give --samples, or --float'],
      [[tiny.onnx, '--samples', scratch.path('nothing.npy')], 8, 'nothing.npy: does not exist'],
      [[scratch.path('missing.onnx'), '--samples', tiny.samples], 8, 'missing.onnx: '],
      [[tiny.onnx, '--samples', tiny.samples, '--calibration-method', 'magic'], 2, 'Allowed choices are min-max, percentile'],
      [[tiny.onnx, '--samples', tiny.samples, '--limit', '0'], 2, 'expected a whole number of at least 1'],
    ];
    for (const [argv, exitCode, message] of attempts) {
      const result = await run('compile', ...argv, '-o', output, '--json');
      expect(result.exitCode).toBe(exitCode);
      expect(jsonOf(result).error.message).toContain(message);
    }
    expect(existsSync(output)).toBe(false);
    const blocked = await run('compile', tiny.onnx, '--float', '-o', `${tiny.onnx}/inside.whittle`);
    expect(blocked.exitCode).toBe(8);
    expect(blocked.stderr).toContain('inside.whittle: cannot be written');
  });

  it('takes a folder of images, and says how it reads them', async () => {
    scratch.write('photos/a.png', encodePng({ width: 8, height: 6, channels: 1, depth: 8, data: new Uint8Array(48).map((_, i) => i * 5) }));
    const output = scratch.path('photos.whittle');
    const result = await run('compile', tiny.onnx, '--samples', scratch.path('photos'), '-o', output);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain(
      'photos: pixels are divided by 255; if the model was trained otherwise, describe it in a *.dataset.json',
    );
    expect(readPackedModel(readFileSync(output)).metadata.preprocess).toEqual({ offset: 0, scale: 1 / 255 });
    expect((await run('compile', tiny.onnx, '--samples', scratch.path('photos'), '-o', output, '-q')).stderr).toBe('');
  });

  it('refuses samples of another shape with both shapes', async () => {
    const wrong = { samples: { file: 'x.bin', dtype: 'uint8', shape: [12, 2, 8, 3], layout: 'NHWC' } };
    const path = scratch.write('wrong.dataset.json', JSON.stringify(wrong));
    const result = await run('compile', tiny.onnx, '--samples', path, '-o', scratch.path('never.whittle'));
    expect(result.exitCode).toBe(8);
    expect(result.stderr).toContain('a sample is [2, 8, 3] (channels last), input "image" of the model is [1, 3, 4, 4]');
  });
});

describe('whittle inspect', () => {
  it('shows an ONNX model as it will be compiled', async () => {
    const report = jsonOf(await run('inspect', tiny.onnx, '--json'));
    expect(report).toMatchObject({
      kind: 'onnx',
      opset: 17,
      onnxNodes: 4,
      inputs: [{ name: 'image', dtype: 'float32', shape: [1, 3, 4, 4] }],
      outputs: [{ name: 'scores', dtype: 'float32', shape: [1, 3] }],
      parameters: 383,
      macs: 2400,
    });
    expect(report.layers).toEqual([
      { node: 'conv', operator: 'Conv2d', outputShape: [1, 4, 4, 5], parameters: 140, macs: 2160 },
      { node: 'scores', operator: 'Dense', outputShape: [1, 3], parameters: 243, macs: 240 },
    ]);
    const { stdout } = await run('inspect', tiny.onnx);
    expect(stdout).toMatch(/^layer +operator +output +parameters +MACs$/m);
    expect(stdout).toMatch(/^input +image {2}float32 1×3×4×4$/m);
  });

  it('shows a packed model', async () => {
    const output = scratch.path('inspected.whittle');
    await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', output);
    const report = jsonOf(await run('inspect', output, '--json'));
    const { size } = statSync(output);
    expect(report).toMatchObject({
      kind: 'packed',
      name: 'tiny',
      fileBytes: size,
      inputs: [{ name: 'image', dtype: 'int8', shape: [1, 3, 4, 4], scale: expect.any(Number), zeroPoint: expect.any(Number) }],
      labels: ['ant', 'bee', 'cat'],
      provenance: { sampleCount: 12 },
    });
    expect(report.steps.map(({ node }: { node: string }) => node)).toEqual(['conv', 'scores']);
    expect(report.steps[0].kernel).toBe('conv2d int8');
    const { tables, steps, constants, metadata } = report.sections;
    const total = tables + steps + constants + metadata;
    expect(total).toBeLessThanOrEqual(size);
    expect(total).toBeGreaterThan(size - 32);
    expect((await run('inspect', output)).stdout).toMatch(/^0 +conv +conv2d int8$/m);
  });

  it('refuses damaged files with code 8', async () => {
    const output = scratch.path('damaged.whittle');
    await run('compile', tiny.onnx, '--samples', tiny.samples, '-o', output);
    const bytes = readFileSync(output);
    const flipped = Uint8Array.from(bytes);
    flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] as number) ^ 1;
    const damaged: [Uint8Array, string][] = [
      [flipped, 'the CRC-32 does not match'],
      [bytes.subarray(0, bytes.length - 5), 'but has'],
      [bytes.subarray(0, 10), '10 bytes are too few'],
      [new TextEncoder().encode('hello'), 'is not an ONNX file'],
    ];
    for (const [content, message] of damaged) {
      const result = await run('inspect', scratch.write('bad.whittle', content), '--json');
      expect(result.exitCode).toBe(8);
      expect(jsonOf(result).error.message).toContain(message);
    }
  });
});
