/** Windows around every edge of the pools' kernels, and one-node int8 graphs with a known answer. */
import { expect } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { elementCount, type Graph, type Quantization, type Tensor, type TensorType } from '../../../compiler/graph.ts';
import type { Op } from '../../../compiler/ops/op.ts';
import type { PoolAttributes } from '../../../compiler/ops/pool.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { expectWritesOnlyTensors } from '../../canary.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { int8Variants, randomNumbers } from './op-case.ts';

export interface PoolCase {
  readonly name: string;
  readonly x: readonly number[];
  readonly attributes: PoolAttributes;
}

const plain: PoolAttributes = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false };

export const poolCases: readonly PoolCase[] = [
  // Channels around 4, 16 and their multiples.
  ...[1, 3, 4, 5, 15, 16, 17, 31, 32, 33].map((channels) => ({ name: `${channels} channels`, x: [1, 4, 5, channels], attributes: plain })),
  {
    name: '3x3, stride 2, asymmetric padding, batch 2',
    x: [2, 7, 8, 18],
    attributes: { ...plain, kernel: [3, 3], padBefore: [1, 0], padAfter: [0, 2] },
  },
  { name: 'dilated', x: [1, 9, 10, 17], attributes: { ...plain, kernel: [2, 3], stride: [1, 2], dilation: [3, 2], padBefore: [1, 2] } },
  { name: 'rounded up', x: [1, 6, 7, 20], attributes: { ...plain, kernel: [3, 3], ceil: true, padBefore: [1, 1], padAfter: [1, 1] } },
  { name: 'strides beyond the window', x: [1, 9, 9, 6], attributes: { ...plain, kernel: [1, 2], stride: [4, 5] } },
  { name: 'the whole input', x: [1, 19, 23, 16], attributes: { ...plain, kernel: [19, 23] } },
  { name: '1-D', x: [2, 11, 17], attributes: { ...plain, kernel: [1, 4], stride: [1, 3], padBefore: [0, 1] } },
];

/** Random integers with both limits among them. */
export function randomInt8(shape: readonly number[], seed: number, quantization: Quantization): Tensor {
  const next = randomNumbers(seed);
  const data = Int8Array.from({ length: elementCount(shape) }, () => Math.floor(next() * 256) - 128);
  data.set([127, -128].slice(0, data.length));
  return { type: { dtype: 'int8', shape, quantization }, data };
}

/** Runs the operator on int8 in every variant: every output integer must equal the expected one. Damaged models must not trap. */
export async function expectInt8KernelsEqual<A>(
  op: Op<A>,
  attributes: A,
  x: Tensor,
  quantization: Quantization,
  expected: readonly number[],
): Promise<void> {
  const [{ shape }] = op.infer([x.type], attributes) as [TensorType];
  const values = new Map([
    ['x', { name: 'x', type: x.type }],
    ['y', { name: 'y', type: { dtype: 'int8', shape, quantization } as const }],
  ]);
  const graph: Graph = {
    name: 'int8',
    inputs: [{ name: 'x', value: 'x' }],
    outputs: [{ name: 'y', value: 'y' }],
    nodes: [{ name: 'node', op, inputs: ['x'], outputs: ['y'], attributes }],
    values,
  };
  for (const variant of int8Variants) {
    const [y] = (await Executor.create(graph, variant)).run([x.data]) as [Tensor];
    expect(Array.from(y.data), variant).toEqual(expected);
    await expectWritesOnlyTensors(graph, [x.data], variant);
  }
  const model = writePackedModel(planExecution(graph), { name: 'case', inputs: [], outputs: [], steps: [] });
  await expectSurvivesDamagedWords(model, expected.length, 40);
}

/** clamp(rne(f32(accumulator) · multiplier) + zero point), rounded to nearest even by its definition. */
export function requantized(accumulator: number, multiplier: number, zeroPoint: number): number {
  const real = Math.fround(Math.fround(accumulator) * multiplier);
  const floor = Math.floor(real);
  const fraction = real - floor;
  const rounded = fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return Math.max(-128, Math.min(127, rounded + zeroPoint));
}
