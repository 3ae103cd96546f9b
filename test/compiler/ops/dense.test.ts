import { describe, expect, test } from 'vitest';
import { Dense } from '../../../compiler/ops/dense.ts';
import { importCase, type OnnxModel, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, randomTensor, variants } from './op-case.ts';

describe('Dense float32', () => {
  test.for([
    [[1, 1], 1],
    [[5, 7], 9],
    [[4, 16], 8],
    [[3], 5],
    [[2, 3, 33], 17],
  ] as const)('x [%s] to %i channels', async ([shape, n]) => {
    const inputs = [randomTensor(shape, 1), randomTensor([n, shape.at(-1) as number], 2), randomTensor([n], 3)];
    await expectKernelsEqualReference({ op: Dense, attributes: { clamp: [-0.5, 1] }, inputs, constants: [1, 2] });
  });
});

interface GemmCase {
  readonly name: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly c?: readonly number[];
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: number;
  readonly transB?: number;
}

const gemmCases: readonly GemmCase[] = [
  { name: 'no C', a: [3, 4], b: [4, 5] },
  { name: 'scalar C', a: [3, 4], b: [4, 5], c: [] },
  { name: 'C [1]', a: [3, 4], b: [4, 5], c: [1], beta: 0.5 },
  { name: 'C [N]', a: [3, 4], b: [4, 5], c: [5], alpha: 0.25 },
  { name: 'C [1, N]', a: [3, 4], b: [4, 5], c: [1, 5], beta: 2 },
  { name: 'C [M, 1]', a: [3, 4], b: [4, 5], c: [3, 1], beta: 2 },
  { name: 'C [M, 1] with M = N', a: [5, 4], b: [4, 5], c: [5, 1] },
  { name: 'C [M, N]', a: [3, 4], b: [4, 5], c: [3, 5], beta: 2 },
  { name: 'transposed operands', a: [4, 3], b: [5, 4], c: [5], transA: 1, transB: 1, alpha: 3, beta: 4 },
  { name: 'transposed weights', a: [3, 4], b: [5, 4], c: [5], transB: 1, alpha: 3, beta: 4 },
];

describe('ONNX Gemm and MatMul with constant weights equal ONNX Runtime', () => {
  test.for(gemmCases)('Gemm with $name', async ({ a, b, c, alpha = 1, beta = 1, transA = 0, transB = 0 }) => {
    const x = randomTensor(a, 1);
    const model = {
      nodes: [
        onnxNode('Gemm', c ? ['a', 'b', 'c'] : ['a', 'b'], 'y', {
          alpha: { float: alpha },
          beta: { float: beta },
          transA,
          transB,
        }),
      ],
      inputs: { a: toOnnxTensor(x) },
      constants: { b: toOnnxTensor(randomTensor(b, 2)), ...(c && { c: toOnnxTensor(randomTensor(c, 3)) }) },
      outputs: { y: 'float32' },
    } as const;
    await expectEqualOnnxRuntime(model, x.data);
  });

  test.for([
    [
      [3, 4],
      [4, 5],
    ],
    [[4], [4, 5]],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [[2, 3, 4], [4]],
    [[4], [4]],
  ] as const)('MatMul [%s] x [%s]', async ([a, b]) => {
    const x = randomTensor(a, 1);
    const model = {
      nodes: [onnxNode('MatMul', ['a', 'b'], 'y')],
      inputs: { a: toOnnxTensor(x) },
      constants: { b: toOnnxTensor(randomTensor(b, 2)) },
      outputs: { y: 'float32' },
    } as const;
    await expectEqualOnnxRuntime(model, x.data);
  });
});

async function expectEqualOnnxRuntime(model: OnnxModel, ...inputs: ArrayLike<number>[]): Promise<void> {
  const { y } = await runOnnxRuntime(model);
  const graph = importCase(model);
  for (const variant of variants) {
    const [actual] = await runWhittle(graph, inputs, variant);
    expect(actual?.type.shape).toEqual(y?.shape);
    expectClose(
      actual as never,
      { type: { dtype: 'float32', shape: y?.shape as number[] }, data: Float32Array.from(y?.data ?? []) },
      1e-5,
      variant,
    );
  }
}
