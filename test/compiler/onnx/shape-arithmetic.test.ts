/** Shapes that a model computes from shapes are known at import: no node remains of the computation. */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { variants } from '../ops/op-case.ts';

const FLOAT = 1;
const INT64 = 7;

function node(opType: string, input: string[], output: string, attribute: Onnx.IAttributeProto[] = []): Onnx.INodeProto {
  return { opType, name: output, input, output: [output], attribute };
}

function list(name: string, ...values: number[]): Onnx.ITensorProto {
  return { name, dataType: INT64, dims: [values.length], int64Data: values };
}

function importNodes(nodes: Onnx.INodeProto[], initializer: Onnx.ITensorProto[], shape: readonly number[]): Graph {
  const info = (name: string) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  });
  const graph = { node: nodes, initializer, input: [info('x')], output: [{ name: 'y' }] };
  return importOnnx(onnxProto.onnx.ModelProto.create({ opsetImport: [{ version: 13 }], graph }), { name: 'shapes' });
}

/** Flattening as exporters of dynamic models write it: x.view(x.size(0), -1), with detours through Cast and Slice. */
const view = [
  node('Shape', ['x'], 'shape'),
  node('Cast', ['shape'], 'shape32', [{ name: 'to', i: 6 }]),
  node('Slice', ['shape32', 'zero', 'one'], 'batch'),
  node('Squeeze', ['batch', 'zero'], 'size'),
  node('Unsqueeze', ['size', 'zero'], 'batch1'),
  node('Concat', ['batch1', 'rest'], 'target', [{ name: 'axis', i: 0 }]),
  node('Reshape', ['x', 'target'], 'y'),
];

test('a reshape to computed extents is one node', () => {
  const graph = importNodes(view, [list('zero', 0), list('one', 1), list('rest', -1)], [2, 3, 4]);
  expect(graph.nodes.map(({ op }) => op.name)).toEqual(['Reshape']);
  expect(graph.values.get('y')?.type.shape).toEqual([2, 12]);
});

test('a resize to a computed size runs', async () => {
  const nodes = [
    node('Shape', ['x'], 'shape'),
    node('Gather', ['shape', 'spatial'], 'size'),
    node('Concat', ['size', 'size'], 'both', [{ name: 'axis', i: 0 }]),
    node('Slice', ['both', 'one', 'three'], 'swapped'),
    node('Gather', ['shape', 'outer'], 'kept'),
    node('Concat', ['kept', 'swapped'], 'sizes', [{ name: 'axis', i: 0 }]),
    node('Resize', ['x', '', '', 'sizes'], 'y', [{ name: 'coordinate_transformation_mode', s: new TextEncoder().encode('asymmetric') }]),
  ];
  const graph = importNodes(nodes, [list('spatial', -2, -1), list('outer', 0, 1), list('one', 1), list('three', 3)], [1, 1, 1, 2]);
  expect(graph.values.get('y')?.type.shape).toEqual([1, 1, 2, 1]);
  for (const variant of variants) {
    const [y] = (await Executor.create(graph, variant)).run([[5, 7]]);
    expect(Array.from(y?.data ?? [])).toEqual([5, 5]);
  }
});
