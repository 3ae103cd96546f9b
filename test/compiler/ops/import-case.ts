/** One ONNX node → a verified graph, through the importer that is registered for it. */
import type { onnx as Onnx } from 'onnx-proto';
import type { Graph, Tensor, TensorType } from '../../../compiler/graph.ts';
import { tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { OnnxNode } from '../../../compiler/onnx/node.ts';
import { onnxImporters } from '../../../compiler/ops/index.ts';
import { verify } from '../../../compiler/verify.ts';

export interface ImportCase {
  readonly operator: string;
  readonly opset: number;
  readonly attributes?: Readonly<Record<string, Onnx.IAttributeProto>>;
  /** A tensor is a constant, a type a graph input, undefined an input that is left out. */
  readonly inputs: readonly (Tensor | TensorType | undefined)[];
  readonly outputs?: readonly string[];
}

export function float32(...shape: number[]): TensorType {
  return { dtype: 'float32', shape };
}

/** A 1-D int32 constant, as ONNX passes shapes, axes, pads … */
export function ints(...values: number[]): Tensor {
  return tensor('int32', [values.length], values);
}

export function importNode({ operator, opset, attributes = {}, inputs, outputs = ['y'] }: ImportCase): Graph {
  const builder = new GraphBuilder();
  const names = inputs.map((input, i) => {
    if (!input) return '';
    if ('data' in input) builder.addConstant(input, `x${i}`);
    else builder.define(`x${i}`, input);
    return `x${i}`;
  });
  const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...value }));
  const node = new OnnxNode({ opType: operator, name: 'node', input: names, output: [...outputs], attribute }, opset);
  builder.currentNode = 'node';
  const importer = onnxImporters.get(operator);
  if (!importer) throw new Error(`nothing imports ${operator}`);
  importer(node, builder);
  const ports = names.filter((_, i) => inputs[i] && !('data' in (inputs[i] as object))).map((name) => ({ name, value: name }));
  const results = outputs.filter((name) => name).map((name) => ({ name, value: name }));
  return verify(builder.build('case', ports, results), 'import');
}

/** The constant that output `index` folded to. */
export function constantOutput(graph: Graph, index = 0): { shape: readonly number[]; values: number[]; dtype: string } {
  const value = graph.values.get(graph.outputs[index]?.value as string);
  if (!value?.constant) throw new Error(`output ${index} is not constant`);
  return { shape: value.type.shape, values: Array.from(value.constant), dtype: value.type.dtype };
}
