/**
 * Where: y = condition ? a : b, with broadcasting. Three constants fold. A constant condition with one float32 constant
 * (a mask) sets limits to the other operand: from -∞ to ∞ where that operand is wanted, both the constant elsewhere.
 */
import { elementCount, type Tensor, type TensorType, tensor, typedArray } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { onnxDtypeNames } from '../onnx/tensor.ts';
import { unclamped } from './elementwise.ts';
import { Max } from './max.ts';
import { Min } from './min.ts';
import type { Op } from './op.ts';
import { broadcastShapes, broadcastStrides, forEachIndex } from './strides.ts';

function importWhere(node: OnnxNode, graph: GraphBuilder): void {
  const inputs = [node.required(0), node.required(1), node.required(2)] as const;
  const [condition, a, b] = inputs;
  const isConstant = (name: string) => graph.constant(name) !== undefined;
  if (inputs.every(isConstant)) {
    graph.add(Where, inputs, {}, { outputs: node.outputs });
    return;
  }
  const [wanted, other] = isConstant(a) ? [b, a] : [a, b];
  if (!isConstant(condition) || !isConstant(other) || graph.type(wanted).dtype !== 'float32') {
    const computed = inputs.filter((name) => !isConstant(name)).map((name) => `"${name}"`);
    throw node.unsupported(
      `${computed.join(', ')} computed at run time`,
      'only a constant condition with at least one constant float32 operand is supported: export with static shapes',
    );
  }
  const limit = (unlimited: number) => {
    const open = graph.addConstant(tensor('float32', [], [unlimited]));
    return graph.addOne(Where, wanted === a ? [condition, open, other] : [condition, other, open], {});
  };
  const raised = graph.addOne(Max, [wanted, limit(-Infinity)], unclamped);
  graph.add(Min, [raised, limit(Infinity)], unclamped, { outputs: node.outputs });
}

export const Where: Op<Record<string, never>> = {
  name: 'Where',

  onnx: { Where: importWhere },

  infer([condition, a, b]) {
    const [c, x, y] = [condition, a, b] as [TensorType, TensorType, TensorType];
    if (x.dtype !== y.dtype) throw new Error(`operands are ${x.dtype} and ${y.dtype}; they must be of one dtype`);
    return [{ dtype: x.dtype, shape: broadcastShapes(broadcastShapes(c.shape, x.shape), y.shape) }];
  },

  evaluate(inputs) {
    const [c, a, b] = inputs as readonly [Tensor, Tensor, Tensor];
    const [type] = Where.infer([c.type, a.type, b.type], {}) as [TensorType];
    const result = typedArray(type.dtype, elementCount(type.shape));
    const strides = [c, a, b].map((operand) => broadcastStrides(operand.type.shape, type.shape));
    forEachIndex(type.shape, strides, (i, [k, p, q]) => {
      result[i] = (c.data[k as number] ? a.data[p as number] : b.data[q as number]) as number;
    });
    return [{ type, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const condition = writer.emit('Cast', [writer.input(node, 0)], { to: onnxDtypeNames.indexOf('bool') });
    writer.output(node, writer.emit('Where', [condition, writer.input(node, 1), writer.input(node, 2)]));
  },
};
