/** Constant, ConstantOfShape and Range: values that are known at import; no nodes remain. */
import { elementCount, type Tensor, tensor, typedArray } from '../graph.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { knownInput } from './known.ts';
import type { OnnxImporter } from './op.ts';

/** The one attribute of a Constant node that holds its value. */
function constantValue(node: OnnxNode): Tensor {
  const value = node.tensor('value');
  if (value) return value;
  if (node.has('value_float')) return tensor('float32', [], [node.float('value_float', 0)]);
  if (node.has('value_int')) return tensor('int32', [], [saturate(node.int('value_int', 0))]);
  const floats = node.floats('value_floats');
  if (floats) return tensor('float32', [floats.length], floats);
  const ints = node.ints('value_ints');
  if (ints) return tensor('int32', [ints.length], ints.map(saturate));
  throw node.unsupported('the value is a string or a sparse tensor', 'export it as a dense tensor of numbers');
}

/** 64-bit integers as the importer keeps them (onnx/tensor.ts). */
function saturate(value: number): number {
  return Math.max(-0x80000000, Math.min(0x7fffffff, value));
}

export const Constant: OnnxImporter = {
  onnx: {
    Constant(node, graph) {
      graph.addConstant(constantValue(node), node.outputs[0]);
    },

    ConstantOfShape(node, graph) {
      node.required(0);
      const shape = knownInput(node, graph, 0, 'the extents') as number[];
      const value = node.tensor('value') ?? tensor('float32', [1], [0]);
      const data = typedArray(value.type.dtype, elementCount(shape)).fill(value.data[0] as number);
      graph.addConstant({ type: { dtype: value.type.dtype, shape }, data }, node.outputs[0]);
    },

    Range(node, graph) {
      const [start, limit, delta] = [0, 1, 2].map((index) => {
        node.required(index);
        return knownInput(node, graph, index, 'start, limit and delta')?.[0] as number;
      }) as [number, number, number];
      if (delta === 0) throw node.unsupported('delta is 0', 'export the model again');
      const count = Math.max(0, Math.ceil((limit - start) / delta));
      const { dtype } = graph.type(node.required(0));
      const values = Array.from({ length: count }, (_, i) => start + i * delta);
      graph.addConstant(tensor(dtype, [count], values), node.outputs[0]);
    },
  },
};
