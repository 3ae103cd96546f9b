import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { elementCount, type Graph, type Quantization, type Tensor, type Value } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add, commonShift } from '../../../compiler/ops/add.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import type { Op } from '../../../compiler/ops/op.ts';
import { PRelu } from '../../../compiler/ops/prelu.ts';
import { broadcastShapes, broadcastStrides, forEachIndex } from '../../../compiler/ops/strides.ts';
import { Sub } from '../../../compiler/ops/sub.ts';
import { expectWritesOnlyTensors } from '../../canary.ts';
import { int8Variants, randomTensor } from './op-case.ts';

const clamp = (value: number, low = -128, high = 127) => Math.min(Math.max(value, low), high);

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

function randomBytes(count: number, seed: number): Int8Array {
  const bytes = Int8Array.from(randomTensor([count], seed, -128, 128).data, Math.floor);
  bytes.set([-128, 127].slice(0, count));
  return bytes;
}

interface Operand {
  readonly shape: readonly number[];
  readonly quantization: Quantization;
}

/** a ⊕ b on integers, with broadcasting: `f` is the definition in architecture.md 4. */
function expected(a: Operand, b: Operand, x: ArrayLike<number>, y: ArrayLike<number>, f: (p: number, q: number) => number): number[] {
  const shape = broadcastShapes(a.shape, b.shape);
  const result: number[] = [];
  forEachIndex(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)], (_, [i, j]) => {
    result.push(f(x[i as number] as number, y[j as number] as number));
  });
  return result;
}

function graphOf(op: Op, attributes: unknown, operands: readonly (Operand & { constant?: Value['constant'] })[], out: Quantization): Graph {
  const builder = new GraphBuilder();
  const names = operands.map(({ shape, quantization, constant }, i) => {
    const type =
      constant instanceof Float32Array ? ({ dtype: 'float32', shape } as const) : ({ dtype: 'int8', shape, quantization } as const);
    builder.values.set(`x${i}`, { name: `x${i}`, type, ...(constant && { constant }) });
    return `x${i}`;
  });
  const shape = operands.map((operand) => operand.shape).reduce(broadcastShapes);
  builder.values.set('y', { name: 'y', type: { dtype: 'int8', shape, quantization: out } });
  const ports = names.filter((_, i) => !operands[i]?.constant).map((name) => ({ name, value: name }));
  const graph = builder.build('int8', ports, [{ name: 'y', value: 'y' }]);
  return { ...graph, nodes: [{ name: 'node', op, inputs: names, outputs: ['y'], attributes }] };
}

async function expectEveryVariant(graph: Graph, inputs: readonly Int8Array[], wanted: readonly number[], label: string) {
  for (const variant of int8Variants) {
    const [y] = (await Executor.create(graph, variant)).run(inputs) as [Tensor];
    expect(Array.from(y.data), `${label} ${variant}`).toEqual(wanted);
    await expectWritesOnlyTensors(graph, inputs, variant);
  }
}

const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
  ...[1, 7, 8, 9, 15, 16, 17, 31, 33].map((count) => [[count], [count]] as const),
  [[2, 3, 19], [19]],
  [[19], [2, 3, 19]],
  [
    [2, 5, 33],
    [2, 5, 1],
  ],
  [
    [2, 3, 5, 1],
    [1, 3, 1, 18],
  ],
  [[1], [3, 20]],
];

const quantizations: readonly (readonly [Quantization, Quantization, Quantization])[] = [
  [
    { scale: [0.02], zeroPoint: 3 },
    { scale: [0.031], zeroPoint: -128 },
    { scale: [0.04], zeroPoint: -7 },
  ],
  [
    { scale: [0.5], zeroPoint: -128 },
    { scale: [0.001], zeroPoint: 127 },
    { scale: [0.25], zeroPoint: 0 },
  ],
  [
    { scale: [1e-4], zeroPoint: 0 },
    { scale: [1e-4], zeroPoint: 0 },
    { scale: [3], zeroPoint: 11 },
  ],
];

const limits = [
  [-Infinity, Infinity],
  [0, 0.5],
] as const;

describe('int8 kernels with two operands equal their definition', () => {
  test.for([
    { name: 'Add', op: Add, sign: 1 },
    { name: 'Sub', op: Sub, sign: -1 },
  ])('$name', async ({ op, sign }) => {
    for (const [a, b] of shapes) {
      for (const [qa, qb, qy] of quantizations) {
        for (const limit of limits) {
          const scale = qy.scale[0] as number;
          const { multipliers, shift } = commonShift([(qa.scale[0] as number) / scale, (sign * (qb.scale[0] as number)) / scale]);
          const [low, high] = limit.map((value) => clamp(roundToEven(value / scale) + qy.zeroPoint)) as [number, number];
          const definition = (p: number, q: number) => {
            const sum = BigInt(p - qa.zeroPoint) * BigInt(multipliers[0]) + BigInt(q - qb.zeroPoint) * BigInt(multipliers[1]);
            return clamp(Number((sum + (1n << BigInt(shift - 1))) >> BigInt(shift)) + qy.zeroPoint, low, high);
          };
          const inputs = [randomBytes(elementCount(a), 1), randomBytes(elementCount(b), 2)] as const;
          const operands = [
            { shape: a, quantization: qa },
            { shape: b, quantization: qb },
          ] as const;
          const graph = graphOf(op, { clamp: limit }, operands, qy);
          await expectEveryVariant(graph, inputs, expected(...operands, ...inputs, definition), `[${a}] [${b}]`);
        }
      }
    }
  });

  test('Mul', async () => {
    for (const [a, b] of shapes) {
      for (const [qa, qb, qy] of quantizations) {
        for (const limit of limits) {
          const [sa, sb, sy] = [qa, qb, qy].map(({ scale }) => Math.fround(scale[0] as number)) as [number, number, number];
          const multiplier = Math.fround(Math.fround(sa * sb) / sy);
          const [low, high] = limit.map((value) => clamp(roundToEven(value / (qy.scale[0] as number)) + qy.zeroPoint)) as [number, number];
          const definition = (p: number, q: number) =>
            clamp(roundToEven(Math.fround((p - qa.zeroPoint) * (q - qb.zeroPoint) * multiplier)) + qy.zeroPoint, low, high);
          const inputs = [randomBytes(elementCount(a), 3), randomBytes(elementCount(b), 4)] as const;
          const operands = [
            { shape: a, quantization: qa },
            { shape: b, quantization: qb },
          ] as const;
          const graph = graphOf(Mul, { clamp: limit }, operands, qy);
          await expectEveryVariant(graph, inputs, expected(...operands, ...inputs, definition), `[${a}] [${b}]`);
        }
      }
    }
  });

  test('Mul rounds ties to even', async () => {
    const half = { scale: [0.5], zeroPoint: 0 };
    const one = { scale: [1], zeroPoint: 0 };
    const a = Int8Array.from({ length: 40 }, (_, i) => i - 20);
    const operands = [
      { shape: [40], quantization: half },
      { shape: [1], quantization: one },
    ];
    const wanted = Array.from(a, (value) => roundToEven(value / 2));
    await expectEveryVariant(graphOf(Mul, { clamp: [-Infinity, Infinity] }, operands, one), [a, Int8Array.of(1)], wanted, 'ties');
  });

  test.for(['float32', 'int8'])('PRelu with %s slopes', async (dtype) => {
    const [qx, qs, qy] = [
      { scale: [0.05], zeroPoint: 9 },
      { scale: [0.01], zeroPoint: -20 },
      { scale: [0.04], zeroPoint: -100 },
    ];
    for (const [x, s] of [
      [[5], [5]],
      [[2, 3, 19], [19]],
      [
        [2, 3, 19],
        [3, 1],
      ],
      [[4, 8], [8]],
      [[33], [33]],
      [
        [2, 17],
        [2, 17],
      ],
    ] as const) {
      const slopes = dtype === 'int8' ? randomBytes(elementCount(s), 5) : (randomTensor(s, 5).data as Float32Array);
      const real = Array.from(slopes, (value) => (dtype === 'int8' ? Math.fround((value + 20) * 0.01) : value));
      const [sx, sy] = [Math.fround(0.05), Math.fround(0.04)];
      const definition = (p: number, slope: number) => {
        const multiplier = p < qx.zeroPoint ? Math.fround(Math.fround(slope * sx) / sy) : Math.fround(sx / sy);
        return clamp(roundToEven(Math.fround((p - qx.zeroPoint) * multiplier)) + qy.zeroPoint);
      };
      const input = randomBytes(elementCount(x), 6);
      const operands = [
        { shape: x, quantization: qx },
        { shape: s, quantization: qs, constant: slopes },
      ] as const;
      await expectEveryVariant(graphOf(PRelu, {}, operands, qy), [input], expected(...operands, input, real, definition), `[${x}] [${s}]`);
    }
  });
});

describe('commonShift', () => {
  test('takes the largest shift that keeps both multipliers in int16', () => {
    for (const ratios of [
      [0.5, 0.5],
      [1, -0.001],
      [3.7, 0.2],
      [1e-9, -1e-9],
      [0.99999, 1],
    ] as const) {
      const { multipliers, shift } = commonShift(ratios);
      expect(Math.max(...multipliers.map(Math.abs))).toBeLessThanOrEqual(32767);
      if (shift < 31) expect(Math.max(...ratios.map((ratio) => Math.round(Math.abs(ratio) * 2 ** (shift + 1))))).toBeGreaterThan(32767);
      multipliers.forEach((multiplier, i) => {
        expect(Math.abs(multiplier / 2 ** shift - (ratios[i] as number))).toBeLessThanOrEqual(2 ** -(shift + 1));
      });
    }
  });

  test('saturates a ratio beyond int16', () => {
    expect(commonShift([1e6, -1e6])).toEqual({ multipliers: [32767, -32767], shift: 1 });
  });
});

test('products that would leave the exact range of requantization, and slopes computed at run time, have no int8 kernel', () => {
  const fine = { scale: [0.01], zeroPoint: 0 };
  const value = (name: string, quantization: Quantization): Value => ({ name, type: { dtype: 'int8', shape: [4], quantization } });
  const node = { name: 'node', op: Mul, inputs: ['a', 'b'], outputs: ['y'], attributes: { clamp: [-Infinity, Infinity] as const } };
  const inputs = [value('a', fine), value('b', fine)];
  expect(Mul.kernel?.(node, { inputs, outputs: [value('y', { scale: [1e-6], zeroPoint: 0 })] })).toBeUndefined();
  expect(PRelu.kernel?.({ ...node, op: PRelu, attributes: {} }, { inputs, outputs: [value('y', fine)] })).toBeUndefined();
});
