import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { onnxImporters } from '../../../compiler/ops/index.ts';
import { check } from '../../../targets/cli/check.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { encodeOnnx, onnxNode } from '../../compiler/ops/onnx-case.ts';
import { randomTensor } from '../../compiler/ops/op-case.ts';
import { scratchFolder } from '../../compiler/samples/scratch.ts';
import { int8Model } from '../../int8-model.ts';
import { requireTool } from '../../require-tool.ts';
import { describeWithSharedData, sharedData } from '../../shared-data.ts';

const scratch = scratchFolder();
const run = (...argv: string[]) => runCli([check], ['check', ...argv]);
const x = { type: 'float32', shape: [1, 4], data: [] } as const;

const fine = scratch.write('fine.onnx', encodeOnnx({ nodes: [onnxNode('Relu', ['x'], 'y')], inputs: { x }, outputs: { y: 'float32' } }));
const bad = scratch.write(
  'bad.onnx',
  encodeOnnx({
    nodes: [onnxNode('Det', ['x'], 'a'), onnxNode('Relu', ['x'], 'b'), onnxNode('NonZero', ['b'], 'y')],
    inputs: { x },
    outputs: { y: 'float32' },
  }),
);

/** x [1, width, 4] with a symbolic width. */
function symbolicModel(): Uint8Array {
  const shape = { dim: [{ dimValue: 1 }, { dimParam: 'width' }, { dimValue: 4 }] };
  return onnxProto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'symbolic',
      node: [onnxNode('Relu', ['x'], 'y')],
      input: [{ name: 'x', type: { tensorType: { elemType: 1, shape } } }],
      output: [{ name: 'y' }],
    },
  }).finish();
}

describe('whittle check', () => {
  it('says yes', async () => {
    expect(await run(fine)).toEqual({ exitCode: 0, stdout: `${fine}: can be compiled\n`, stderr: '' });
    expect(jsonOf(await run(fine, '--json'))).toEqual({ ok: true, model: fine, problems: [], operators: { Relu: 1 }, floatIslands: [] });
  });

  it('lists every reason, with a fix, and ends with 3', async () => {
    const result = await run(bad, '--json');
    expect(result.exitCode).toBe(3);
    const report = jsonOf(result);
    expect(report.ok).toBe(false);
    expect(report.operators).toEqual({ Det: 1, Relu: 1, NonZero: 1 });
    const fix = 'replace it with supported operators (whittle check --ops lists them) or cut the model before it';
    expect(report.problems).toEqual([
      { node: 'a', operator: 'Det', reason: 'the operator is not supported', fix },
      { node: 'y', operator: 'NonZero', reason: 'the operator is not supported', fix },
    ]);
    expect((await run(bad)).stdout).toBe(
      [
        `${bad}: cannot be compiled, 2 reason(s)`,
        '  Det "a"',
        '    why  the operator is not supported',
        `    fix  ${fix}`,
        '  NonZero "y"',
        '    why  the operator is not supported',
        `    fix  ${fix}`,
        '',
      ].join('\n'),
    );
  });

  it('takes shapes for open dimensions', async () => {
    const path = scratch.write('symbolic.onnx', symbolicModel());
    expect(jsonOf(await run(path, '--json')).problems).toMatchObject([{ node: 'x', fix: 'fix the shape with --input x=1,?,4' }]);
    expect((await run(path, '--input', 'x=1,9,4')).exitCode).toBe(0);
    expect((await run(path, '--input', 'z=1,9,4')).stderr).toContain('--input z: the model has no such input; its inputs are x');
    expect((await run(path, '--input', 'x=1,nine')).exitCode).toBe(2);
  });

  it('says what is wrong with a file', async () => {
    const missing = await run(scratch.path('missing.onnx'), '--json');
    expect(missing.exitCode).toBe(8);
    expect(jsonOf(missing).error.message).toContain('missing.onnx: ');
    const text = await run(scratch.write('text.onnx', 'this is not a model'));
    expect(text.exitCode).toBe(8);
    expect(text.stderr).toContain('text.onnx: is not an ONNX file');
    expect((await run()).exitCode).toBe(2);
  });

  it('lists the operators that are imported, by precision', async () => {
    const { operators } = jsonOf(await run('--ops', '--json'));
    expect(operators.map(({ operator }: { operator: string }) => operator).sort()).toEqual([...onnxImporters.keys()].sort());
    expect(operators).toContainEqual({ operator: 'Conv', becomes: 'Conv2d', precision: 'int8' });
    expect((await run('--ops')).stdout).toMatch(/^Conv +Conv2d +int8$/m);
  });
});

/** x [1, 3, 64, 64] → convolution → pooling → 600 numbers: 49 KB live at once, 155 KB of weights. */
function largeModel(): Uint8Array {
  const random = (shape: readonly number[], seed: number) => ({ type: 'float32' as const, shape, data: randomTensor(shape, seed).data });
  return encodeOnnx({
    nodes: [
      onnxNode('Conv', ['x', 'w', 'b'], 'a', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      onnxNode('MaxPool', ['a'], 'c', { kernel_shape: [8, 8], strides: [8, 8] }),
      onnxNode('Flatten', ['c'], 'd'),
      onnxNode('Gemm', ['d', 'w2', 'b2'], 'y', { transB: 1 }),
    ],
    inputs: { x: { type: 'float32', shape: [1, 3, 64, 64], data: [] } },
    constants: { w: random([8, 3, 3, 3], 1), b: random([8], 2), w2: random([600, 512], 3), b2: random([600], 4) },
    outputs: { y: 'float32' },
  });
}

describe('whittle check --board', () => {
  const large = scratch.write('large.onnx', largeModel());

  it('says what is needed and what dominates, before anything is calibrated', async () => {
    const result = await run(large, '--board', 'nucleo-f446re', '--json');
    expect(result.exitCode).toBe(0);
    const { fits, flash, ram, layers, arenaPeak, method, suggestions } = jsonOf(result);
    expect([fits, suggestions]).toEqual([true, []]);
    expect(flash.availableBytes).toBe(512 * 1024);
    expect(flash.imageBytes).toBeGreaterThan(600 * 512);
    expect(flash.neededBytes).toBeGreaterThanOrEqual(flash.codeBytes + flash.imageBytes);
    // Input, output of the convolution: int8.
    expect(ram.tensorBytes).toBe(64 * 64 * (3 + 8));
    expect(ram.neededBytes).toBe(ram.tensorBytes + ram.workspaceBytes + ram.stackBytes);
    expect(layers[0].bytes).toBeGreaterThan(0.9 * flash.imageBytes);
    expect(arenaPeak).toMatchObject({ step: 0, liveBytes: 64 * 64 * (3 + 8), tensorBytes: [64 * 64 * 8, 64 * 64 * 3] });
    expect(method).toBe(requireTool('arm-none-eabi-gcc') ? 'linked' : 'bound');
  });

  it('ends with 4 when it does not fit, with every reason and what would help', async () => {
    const result = await run(large, '--board', 'microbit', '--json');
    expect(result.exitCode).toBe(4);
    const { ok, fits, suggestions } = jsonOf(result);
    expect([ok, fits]).toEqual([true, false]);
    expect(suggestions[0]).toMatch(/^compress the constants from \d+ to \d+ bytes/);
    expect(suggestions[1]).toBe('begin with "y": it holds 100 % of the constants');
    expect(suggestions[2]).toContain('tensors of 32768 + 12288 bytes are live at once');
    expect(suggestions.at(-1)).toMatch(/^it fits .*pico/);
    const text = await run(large, '--board', 'microbit');
    expect(text.stdout).toContain('does not fit microbit (nRF51822)');
    expect(text.stdout).toMatch(/RAM +[\d ]+ 16 384/);
  });

  it('takes packed models, and refuses unknown boards and damaged files', async () => {
    const bytes = await int8Model();
    const packed = scratch.write('tiny.whittle', bytes);
    const report = jsonOf(await run(packed, '--board', 'pico', '--json'));
    expect(report).toMatchObject({ ok: true, fits: true, vocabulary: 'scalar', operators: { CONV2D_INT8: 2, SOFTMAX_INT8: 1 } });
    expect((await run(packed)).exitCode).toBe(0);
    const unknown = await run(packed, '--board', 'pdp11');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('known are nucleo-f401re');
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 1;
    expect((await run(scratch.write('damaged.whittle', bytes), '--board', 'pico')).exitCode).toBe(8);
  });
});

describeWithSharedData('whittle check of control flow', () => {
  it('refuses Silero VAD with every reason at once', async () => {
    const result = await run(sharedData('import-smoke/silero_vad_v5.onnx'), '--input', 'input=1,512', '--input', 'state=2,1,128', '--json');
    expect(result.exitCode).toBe(3);
    const { problems } = jsonOf(result);
    expect(problems.some(({ operator, fix }: { operator: string; fix: string }) => operator === 'If' && fix.includes('control flow'))).toBe(
      true,
    );
    for (const problem of problems) expect(Object.values(problem).every(Boolean)).toBe(true);
  });
});
