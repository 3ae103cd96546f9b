import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../compiler/graph.ts';
import { Slice, type SliceAttributes } from '../../../compiler/ops/slice.ts';
import { constantOutput, float32, importNode, ints } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

const END = 0x7fffffff;

function attributesOf(graph: Graph): SliceAttributes {
  return graph.nodes[0]?.attributes;
}

describe('Slice', () => {
  test.for([
    { shape: [7, 9], starts: [1, 2], steps: [1, 1], extents: [5, 4] },
    { shape: [7, 9], starts: [6, 8], steps: [-1, -2], extents: [7, 5] },
    { shape: [2, 6, 6, 8], starts: [0, 1, 1, 0], steps: [1, 2, 2, 1], extents: [2, 3, 3, 8] },
    { shape: [2, 6, 6, 40], starts: [0, 0, 0, 3], steps: [1, 1, 1, 1], extents: [2, 6, 6, 33] },
    { shape: [3, 20, 20], starts: [0, 19, 0], steps: [1, -1, 1], extents: [3, 20, 20] },
    { shape: [50], starts: [49], steps: [-7], extents: [8] },
  ])('[$shape] from [$starts] by [$steps]', async ({ shape, starts, steps, extents }) => {
    await expectKernelsEqualReference({ op: Slice, attributes: { starts, steps, shape: extents }, inputs: [randomTensor(shape, 2)] }, 0);
  });

  test.for([
    { name: 'from the end', from: [-3], to: [END], step: [1], starts: 7, extent: 3 },
    { name: 'past the end', from: [4], to: [1000], step: [1], starts: 4, extent: 6 },
    { name: 'reversed', from: [-1], to: [-END], step: [-1], starts: 9, extent: 10 },
    { name: 'reversed by 3', from: [20], to: [0], step: [-3], starts: 9, extent: 3 },
  ])('opset 10: $name', ({ from, to, step, starts, extent }) => {
    const graph = importNode({
      operator: 'Slice',
      opset: 10,
      inputs: [float32(2, 10), ints(...from), ints(...to), ints(1), ints(...step)],
    });
    expect(attributesOf(graph)).toEqual({ starts: [0, starts], steps: [1, step[0]], shape: [2, extent] });
  });

  test('what is empty is known at import', () => {
    const graph = importNode({ operator: 'Slice', opset: 10, inputs: [float32(2, 10), ints(5), ints(5), ints(1)] });
    expect(graph.nodes).toEqual([]);
    expect(constantOutput(graph)).toEqual({ shape: [2, 0], values: [], dtype: 'float32' });
  });

  test('opset 9 has attributes', () => {
    const attributes = { starts: { ints: [1, -2] }, ends: { ints: [3, END] } };
    const graph = importNode({ operator: 'Slice', opset: 9, attributes, inputs: [float32(4, 5)] });
    expect(attributesOf(graph)).toEqual({ starts: [1, 3], steps: [1, 1], shape: [2, 2] });
  });

  test('refuses starts that are computed', () => {
    const computed = { dtype: 'int32', shape: [1] } as const;
    expect(() => importNode({ operator: 'Slice', opset: 13, inputs: [float32(4), computed, ints(2)] })).toThrow('the starts are computed');
  });

  test('takes the scales of what it keeps', () => {
    const type = { dtype: 'int8', shape: [4, 2], quantization: { scale: [1, 2, 3, 4], zeroPoint: 0, axis: 0 } } as const;
    expect(Slice.infer([type], { starts: [3, 0], steps: [-2, 1], shape: [2, 2] })[0]?.quantization?.scale).toEqual([4, 2]);
  });
});

describe('Split', () => {
  const parts = (graph: Graph) =>
    graph.nodes.map((node) => [(node.attributes as SliceAttributes).starts[1], (node.attributes as SliceAttributes).shape[1]]);
  const axis = { axis: { i: 1 } };

  test('equal parts, given parts (attribute, input), a shorter last part', () => {
    const x = float32(2, 7);
    const outputs = ['a', 'b', 'c'];
    const even = importNode({ operator: 'Split', opset: 11, attributes: axis, inputs: [float32(2, 6)], outputs });
    expect(parts(even)).toEqual([[0, 2], [2, 2], [4, 2]]); // biome-ignore format: one pair per part
    const attribute = importNode({
      operator: 'Split',
      opset: 11,
      attributes: { ...axis, split: { ints: [4, 1, 2] } },
      inputs: [x],
      outputs,
    });
    expect(parts(attribute)).toEqual([[0, 4], [4, 1], [5, 2]]); // biome-ignore format: one pair per part
    const input = importNode({ operator: 'Split', opset: 13, attributes: axis, inputs: [x, ints(1, 2, 4)], outputs });
    expect(parts(input)).toEqual([[0, 1], [1, 2], [3, 4]]); // biome-ignore format: one pair per part
    const uneven = importNode({ operator: 'Split', opset: 18, attributes: { ...axis, num_outputs: { i: 3 } }, inputs: [x], outputs });
    expect(parts(uneven)).toEqual([[0, 3], [3, 3], [6, 1]]); // biome-ignore format: one pair per part
  });

  test('refuses parts that do not make up the axis', () => {
    const inputs = [float32(2, 7), ints(1, 2)];
    expect(() => importNode({ operator: 'Split', opset: 13, attributes: axis, inputs, outputs: ['a', 'b'] })).toThrow('[1,2]');
  });
});
