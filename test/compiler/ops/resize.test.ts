import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Tensor, tensor } from '../../../compiler/graph.ts';
import { Resize, type ResizeAttributes } from '../../../compiler/ops/resize.ts';
import {
  type CoordinateMode,
  linearTable,
  type NearestMode,
  nearestTable,
  type Sampling,
} from '../../../compiler/ops/resize-coordinates.ts';
import { float32, type ImportCase, importNode, ints } from './import-case.ts';
import { expectKernelsEqualReference, graphOf, randomTensor, variants } from './op-case.ts';

function sampling(
  from: number,
  to: number,
  coordinates: CoordinateMode = 'half_pixel',
  nearest: NearestMode = 'round_prefer_floor',
): Sampling {
  return { from, to, scale: to / from, coordinates, nearest };
}

const sizes = [
  { x: [1, 4, 5, 3], to: [8, 10] },
  { x: [2, 7, 6, 20], to: [3, 4] },
  { x: [1, 3, 3, 1], to: [7, 5] },
  { x: [1, 2, 9, 33], to: [2, 4] },
  { x: [1, 1, 1, 8], to: [3, 3] },
];

describe('Resize', () => {
  test.for(sizes)('[$x] to [$to], both modes', async ({ x, to }) => {
    const input = randomTensor(x, 1);
    for (const mode of ['nearest', 'linear'] as const) {
      const [, h, w] = x as [number, number, number];
      const attributes = { mode, sampling: [sampling(h, to[0] as number), sampling(w, to[1] as number)] } as const;
      await expectKernelsEqualReference({ op: Resize, attributes, inputs: [input] }, mode === 'nearest' ? 0 : 1e-6);
    }
  });

  test('1-D', async () => {
    const attributes = { mode: 'linear', sampling: [sampling(1, 1), sampling(6, 13, 'align_corners')] } as const;
    await expectKernelsEqualReference({ op: Resize, attributes, inputs: [randomTensor([2, 6, 5], 2)] }, 1e-6);
  });

  test.for(sizes)('scalar and simd agree in every bit: [$x] to [$to]', async ({ x, to }) => {
    const input = randomTensor(x, 3);
    const [, h, w] = x as [number, number, number];
    const attributes = { mode: 'linear', sampling: [sampling(h, to[0] as number), sampling(w, to[1] as number)] } as const;
    const graph = graphOf({ op: Resize, attributes, inputs: [input] });
    const [scalar, simd] = await Promise.all(variants.map(async (variant) => (await Executor.create(graph, variant)).run([input.data])[0]));
    expect(simd?.data).toEqual(scalar?.data);
  });

  test.for(sizes)('int8: weights of 11 bits, rounded once: [$x] to [$to]', async ({ x, to }) => {
    const data = Int8Array.from(randomTensor(x, 4, -128, 128).data, Math.floor);
    const input: Tensor = { type: { dtype: 'int8', shape: x, quantization: { scale: [0.1], zeroPoint: 5 } }, data };
    const [n, h, w, c] = x as [number, number, number, number];
    const attributes: ResizeAttributes = { mode: 'linear', sampling: [sampling(h, to[0] as number), sampling(w, to[1] as number)] };
    const [rows, columns] = [linearTable(attributes.sampling[0]), linearTable(attributes.sampling[1])];
    const expected: number[] = [];
    for (let b = 0; b < n; b++)
      for (let i = 0; i < rows.low.length; i++)
        for (let j = 0; j < columns.low.length; j++)
          for (let channel = 0; channel < c; channel++) {
            const down = Math.round((rows.weight[i] as number) * 2048);
            const across = Math.round((columns.weight[j] as number) * 2048);
            const pixel = (row = 0, column = 0) => data[((b * h + row) * w + column) * c + channel] as number;
            const sum =
              pixel(rows.low[i], columns.low[j]) * (2048 - down) * (2048 - across) +
              pixel(rows.low[i], columns.high[j]) * (2048 - down) * across +
              pixel(rows.high[i], columns.low[j]) * down * (2048 - across) +
              pixel(rows.high[i], columns.high[j]) * down * across;
            expected.push(Math.floor((sum + 2 ** 21) / 2 ** 22));
          }
    for (const variant of variants) {
      const [y] = (await Executor.create(graphOf({ op: Resize, attributes, inputs: [input] }), variant)).run([data]);
      expect(Array.from(y?.data ?? []), variant).toEqual(expected);
    }
  });
});

describe('coordinates, by the formulas of the ONNX specification', () => {
  test.for([
    { coordinates: 'asymmetric', low: [0, 0, 1, 1, 2, 2], weight: [0, 0.5, 0, 0.5, 0, 0] },
    { coordinates: 'half_pixel', low: [0, 0, 0, 1, 1, 2], weight: [0, 0.25, 0.75, 0.25, 0.75, 0] },
    { coordinates: 'half_pixel_symmetric', low: [0, 0, 0, 1, 1, 2], weight: [0, 0.25, 0.75, 0.25, 0.75, 0] },
    { coordinates: 'pytorch_half_pixel', low: [0, 0, 0, 1, 1, 2], weight: [0, 0.25, 0.75, 0.25, 0.75, 0] },
    { coordinates: 'align_corners', low: [0, 0, 0, 1, 1, 2], weight: [0, 0.4, 0.8, 0.2, 0.6, 0] },
  ] as const)('$coordinates, 3 to 6', ({ coordinates, low, weight }) => {
    const table = linearTable(sampling(3, 6, coordinates));
    expect(Array.from(table.low)).toEqual(low);
    expect(Array.from(table.weight, (value) => Math.round(value * 1e6) / 1e6)).toEqual(weight);
  });

  test('one position: pytorch_half_pixel and align_corners take the first, half_pixel the middle', () => {
    expect(linearTable(sampling(5, 1, 'pytorch_half_pixel')).low[0]).toBe(0);
    expect(linearTable(sampling(5, 1, 'align_corners')).low[0]).toBe(0);
    expect(linearTable(sampling(5, 1, 'half_pixel')).low[0]).toBe(2);
  });

  test('half_pixel_symmetric keeps the middle where a scale leaves a rest', () => {
    // ONNX's own example: 4 positions, scale 0.6 → 2 (test_resize_downsample_scales_linear_half_pixel_symmetric).
    const table = linearTable({ from: 4, to: 2, scale: 0.6, coordinates: 'half_pixel_symmetric', nearest: 'floor' });
    const positions = Array.from(table.low, (low, i) => low + (table.weight[i] as number));
    expect(positions[0]).toBeCloseTo(0.6666667, 5);
    expect(positions[1]).toBeCloseTo(2.3333333, 5);
  });

  test.for([
    // asymmetric, 2 to 8: positions 0, 0.25, 0.5, 0.75, 1, …
    { nearest: 'round_prefer_floor', expected: [0, 0, 0, 1, 1, 1, 1, 1] },
    { nearest: 'round_prefer_ceil', expected: [0, 0, 1, 1, 1, 1, 1, 1] },
    { nearest: 'floor', expected: [0, 0, 0, 0, 1, 1, 1, 1] },
    { nearest: 'ceil', expected: [0, 1, 1, 1, 1, 1, 1, 1] },
    { nearest: 'simple', expected: [0, 0, 0, 0, 1, 1, 1, 1] },
  ] as const)('nearest $nearest', ({ nearest, expected }) => {
    expect(Array.from(nearestTable(sampling(2, 8, 'asymmetric', nearest)))).toEqual(expected);
  });

  test('tf_half_pixel_for_nn, and the simple mode of opset 10 that takes the higher one when it shrinks', () => {
    expect(Array.from(nearestTable(sampling(4, 2, 'tf_half_pixel_for_nn', 'floor')))).toEqual([1, 3]);
    expect(Array.from(nearestTable(sampling(5, 3, 'asymmetric', 'simple')))).toEqual([0, 2, 4]);
  });
});

describe('import', () => {
  const text = (s: string) => ({ s: new TextEncoder().encode(s) });
  const floats = (...values: number[]) => tensor('float32', [values.length], values);
  const resized = (node: Partial<ImportCase> & Pick<ImportCase, 'inputs'>) => importNode({ operator: 'Resize', opset: 18, ...node });
  const shapeOf = (node: Parameters<typeof resized>[0]) => resized(node).values.get('y')?.type.shape;
  const x = float32(1, 3, 4, 6);

  test('every form of the target', () => {
    const upsample = { operator: 'Upsample', opset: 7, attributes: { scales: { floats: [1, 1, 2, 1.5] } }, inputs: [x] };
    expect(shapeOf(upsample)).toEqual([1, 3, 8, 9]);
    expect(shapeOf({ operator: 'Upsample', opset: 9, inputs: [x, floats(1, 1, 2, 2)] })).toEqual([1, 3, 8, 12]);
    expect(shapeOf({ opset: 10, inputs: [x, floats(1, 1, 0.5, 0.5)] })).toEqual([1, 3, 2, 3]);
    expect(shapeOf({ opset: 11, inputs: [x, floats(), floats(1, 1, 2, 2)] })).toEqual([1, 3, 8, 12]);
    expect(shapeOf({ opset: 13, inputs: [x, undefined, floats(), ints(1, 3, 5, 7)] })).toEqual([1, 3, 5, 7]);
    expect(shapeOf({ attributes: { axes: { ints: [3, 2] } }, inputs: [x, undefined, undefined, ints(7, 5)] })).toEqual([1, 3, 5, 7]);
    expect(shapeOf({ inputs: [float32(1, 3, 4), undefined, floats(1, 1, 2)] })).toEqual([1, 3, 8]);
  });

  test('keep_aspect_ratio_policy', () => {
    const keep = (policy: string) => {
      const attributes = { axes: { ints: [2, 3] }, keep_aspect_ratio_policy: text(policy) };
      return shapeOf({ attributes, inputs: [x, undefined, undefined, ints(8, 9)] });
    };
    expect(keep('not_larger')).toEqual([1, 3, 6, 9]);
    expect(keep('not_smaller')).toEqual([1, 3, 8, 12]);
    expect(keep('stretch')).toEqual([1, 3, 8, 9]);
  });

  test('a resize to the same size is a name', () => {
    expect(resized({ inputs: [x, undefined, floats(1, 1, 1, 1)] }).nodes).toEqual([]);
  });

  test.for([
    { name: 'cubic', attributes: { mode: text('cubic') }, scales: [1, 1, 2, 2], message: 'nearest or linear' },
    { name: 'antialias', attributes: { antialias: { i: 1 } }, scales: [1, 1, 0.5, 0.5], message: 'antialias' },
    { name: 'crop', attributes: { coordinate_transformation_mode: text('tf_crop_and_resize') }, scales: [1, 1, 2, 2], message: 'Slice' },
    { name: 'channels', attributes: {}, scales: [1, 2, 2, 2], message: '[1,3,4,6] is resized to [1,6,8,12]' },
  ])('refuses $name', ({ attributes, scales, message }) => {
    expect(() => resized({ attributes: attributes as never, inputs: [x, undefined, floats(...scales)] })).toThrow(message);
  });
});
