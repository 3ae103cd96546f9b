import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Quantization, Tensor } from '../../../compiler/graph.ts';
import { MatMul } from '../../../compiler/ops/matmul.ts';
import { verify } from '../../../compiler/verify.ts';
import { importCase, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, int8Variants, randomTensor, variants } from './op-case.ts';

const shapes = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [4, 8],
    [8, 8],
  ],
  [
    [5, 7],
    [7, 9],
  ],
  [
    [3, 16],
    [16, 17],
  ],
  [
    [2, 3, 5],
    [2, 5, 33],
  ],
  [
    [2, 3, 5],
    [1, 5, 7],
  ],
  [
    [4, 3],
    [6, 3, 8],
  ],
  [
    [2, 2, 9, 4],
    [2, 2, 4, 15],
  ],
] as const;

describe('MatMul of two activations', () => {
  test.for(shapes)('float32 [%s] x [%s] equals the reference, and scalar equals simd to the bit', async ([a, b]) => {
    const inputs = [randomTensor(a, 1), randomTensor(b, 2)];
    await expectKernelsEqualReference({ op: MatMul, attributes: {}, inputs });
    const graph = importCase({
      nodes: [onnxNode('MatMul', ['a', 'b'], 'y')],
      inputs: { a: toOnnxTensor(inputs[0] as Tensor), b: toOnnxTensor(inputs[1] as Tensor) },
      outputs: { y: 'float32' },
    });
    const data = inputs.map((input) => input.data);
    expect((await runWhittle(graph, data, 'simd'))[0]?.data).toEqual((await runWhittle(graph, data, 'scalar'))[0]?.data);
  });

  test.for(shapes)('int8 [%s] x [%s] equals integer arithmetic in every variant', async ([a, b]) => {
    const quantizations: readonly [Quantization, Quantization, Quantization] = [
      { scale: [0.02], zeroPoint: -128 },
      { scale: [0.03], zeroPoint: 127 },
      // The extreme zero points make every product negative, about -10 on average.
      { scale: [0.1 * (a.at(-1) as number)], zeroPoint: 100 },
    ];
    const integers = (shape: readonly number[], seed: number) => Int8Array.from(randomTensor(shape, seed, -128, 128).data);
    const [x, w] = [integers(a, 3), integers(b, 4)];
    const [type] = MatMul.infer(
      [
        { dtype: 'int8', shape: a },
        { dtype: 'int8', shape: b },
      ],
      {},
    );
    const value = (name: string, shape: readonly number[], quantization: Quantization) =>
      [name, { name, type: { dtype: 'int8', shape, quantization } }] as const;
    const graph = verify(
      {
        name: 'int8',
        inputs: ['a', 'b'].map((name) => ({ name, value: name })),
        outputs: [{ name: 'y', value: 'y' }],
        nodes: [{ name: 'y', op: MatMul, inputs: ['a', 'b'], outputs: ['y'], attributes: {} }],
        values: new Map([
          value('a', a, quantizations[0]),
          value('b', b, quantizations[1]),
          value('y', type?.shape as number[], quantizations[2]),
        ]),
      },
      'test',
    );
    const offsets = (data: Int8Array, shape: readonly number[], zeroPoint: number): Tensor => ({
      type: { dtype: 'float32', shape },
      data: Float32Array.from(data, (q) => q - zeroPoint),
    });
    const [sums] = MatMul.evaluate([offsets(x, a, -128), offsets(w, b, 127)], {});
    const multiplier = Math.fround(Math.fround(Math.fround(0.02) * Math.fround(0.03)) / Math.fround(0.1 * (a.at(-1) as number)));
    const expected = Int8Array.from(sums?.data as Float32Array, (sum) => {
      const real = Math.fround(Math.fround(sum) * multiplier);
      const floor = Math.floor(real);
      const rounded = real - floor === 0.5 ? floor + (floor & 1) : Math.round(real);
      return Math.max(-128, Math.min(127, rounded + 100));
    });
    expect(new Set(expected).size).toBeGreaterThan(expected.length > 8 ? 2 : 0);
    for (const variant of int8Variants) {
      const [actual] = (await Executor.create(graph, variant)).run([x, w]);
      expect(actual?.data, variant).toEqual(expected);
    }
  });

  test.for([
    [[4], [4, 5], 'ab'],
    [[3, 4], [4], 'ab'],
    [[4], [4], 'ab'],
    [[2, 3, 4], [4], 'ab'],
    [[3, 4], [2, 4, 5], 'b'],
    [[2, 3, 4], [2, 4, 5], 'a'],
    [[4], [2, 4, 5], 'a'],
    [[2, 1, 3, 4], [1, 5, 4, 2], 'ab'],
    [[5, 3, 4], [2, 1, 4, 2], 'a'],
  ] as const)('ONNX MatMul [%s] x [%s] with %s computed at run time equals ONNX Runtime', async ([a, b, runtime]) => {
    const tensors = { a: randomTensor(a, 1), b: randomTensor(b, 2) };
    const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, toOnnxTensor(tensors[name as 'a'])]));
    const model = {
      nodes: [onnxNode('MatMul', ['a', 'b'], 'y')],
      inputs: named([...runtime]),
      constants: named(['a', 'b'].filter((name) => !runtime.includes(name))),
      outputs: { y: 'float32' },
    } as const;
    const { y } = await runOnnxRuntime(model);
    const expected: Tensor = { type: { dtype: 'float32', shape: y?.shape ?? [] }, data: y?.data as Float32Array };
    const inputs = [...runtime].map((name) => tensors[name as 'a'].data);
    for (const variant of variants)
      expectClose((await runWhittle(importCase(model), inputs, variant))[0] as Tensor, expected, 1e-5, variant);
  });
});
