/** The graph as text, one line per node: what it computes ← operator(attributes) what it reads. For tests and for debugging passes. */
import { type Graph, type Node, type TensorType, type ValueName, valueOf } from './graph.ts';

/** Constants of at most this many elements are printed with their values. */
const PRINTED_ELEMENTS = 4;

function showType({ dtype, shape, quantization }: TensorType): string {
  const parameters = quantization && ` scale ${quantization.scale.join(' ')} zero point ${quantization.zeroPoint}`;
  return `${dtype} [${shape.join(', ')}]${parameters ?? ''}`;
}

function showAttribute(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showAttribute).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, entry]) => `${key} ${showAttribute(entry)}`)
      .join(', ')}}`;
  }
  return String(value);
}

function showOperand(graph: Graph, name: ValueName): string {
  const { type, constant } = valueOf(graph, name);
  if (!constant) return name;
  const shown = constant.length <= PRINTED_ELEMENTS ? ` = ${[...constant].map((value) => Number(value.toPrecision(6))).join(' ')}` : '';
  return `${name}{${showType(type)}${shown}}`;
}

function showNode(graph: Graph, node: Node): string {
  const outputs = node.outputs.map((name) => `${name}: ${showType(valueOf(graph, name).type)}`);
  const attributes = Object.entries(node.attributes ?? {}).map(([key, value]) => `${key} ${showAttribute(value)}`);
  const operands = node.inputs.map((name) => showOperand(graph, name));
  return `${outputs.join(', ')} ← ${node.op.name}(${attributes.join(', ')}) ${operands.join(', ')}`;
}

/** The whole graph: inputs, nodes in order, outputs. */
export function printGraph(graph: Graph): string {
  const permuted = (permutation?: readonly number[]) => (permutation ? ` permuted [${permutation.join(', ')}]` : '');
  return [
    ...graph.inputs.map((port) => `input ${port.value}: ${showType(valueOf(graph, port.value).type)}${permuted(port.permutation)}`),
    ...graph.nodes.map((node) => showNode(graph, node)),
    ...graph.outputs.map((port) => `output ${port.value}${permuted(port.permutation)}`),
  ].join('\n');
}
