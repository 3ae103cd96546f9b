/**
 * Operators that return what they read → nothing.
 *
 *     a ← Add x, {0};  y ← Unary(Relu) a      →      y ← Unary(Relu) x
 *
 * Where the operator has a fused activation it is not an identity.
 */
import { constantOf, elementCount, type Graph, type Node, producerOf, type Value, type ValueName, valueOf } from '../graph.ts';
import { type Replacement, rewritePass } from './pass.ts';
import { isIdentity } from './permutation.ts';

function sameShape(graph: Graph, node: Node): boolean {
  const from = valueOf(graph, node.inputs[0] as ValueName).type.shape;
  const to = valueOf(graph, node.outputs[0] as ValueName).type.shape;
  return from.length === to.length && from.every((extent, i) => extent === to[i]);
}

/** Index of the operand that comes back unchanged when the other one is everywhere `neutral`. */
function survivor(graph: Graph, node: Node, neutral: number, sides: readonly number[]): number | undefined {
  return sides.find((side) => {
    const other = constantOf(graph, node.inputs[1 - side]);
    const { shape } = valueOf(graph, node.inputs[side] as ValueName).type;
    const keepsShape = elementCount(shape) === elementCount(valueOf(graph, node.outputs[0] as ValueName).type.shape);
    const rank = valueOf(graph, node.outputs[0] as ValueName).type.shape.length;
    return keepsShape && rank === shape.length && other?.data.every((value) => value === neutral);
  });
}

/** Whether the clamp of an activation changes nothing of what the node before it returns. */
function isClampedAlready(graph: Graph, node: Node, low: number, high: number): boolean {
  const clamp = producerOf(graph, node.inputs[0] as ValueName)?.attributes?.clamp as readonly [number, number] | undefined;
  return (clamp?.[0] ?? -Infinity) >= low && (clamp?.[1] ?? Infinity) <= high;
}

/** Operator name → index of the input that its only output equals; undefined when it does something. */
const identities: Readonly<Record<string, (graph: Graph, node: Node) => number | undefined>> = {
  Add: (graph, node) => survivor(graph, node, 0, [0, 1]),
  Sub: (graph, node) => survivor(graph, node, 0, [0]),
  Mul: (graph, node) => survivor(graph, node, 1, [0, 1]),
  Div: (graph, node) => survivor(graph, node, 1, [0]),
  Concat: (_, node) => (node.inputs.length === 1 ? 0 : undefined),
  Expand: (graph, node) => (sameShape(graph, node) ? 0 : undefined),
  Pad: (graph, node) => (sameShape(graph, node) ? 0 : undefined),
  Reshape: (graph, node) => (sameShape(graph, node) ? 0 : undefined),
  Slice: (graph, node) => (sameShape(graph, node) && node.attributes.steps.every((step: number) => step > 0) ? 0 : undefined),
  Tile: (graph, node) => (sameShape(graph, node) ? 0 : undefined),
  Transpose: (_, node) => (isIdentity(node.attributes.permutation) ? 0 : undefined),
  Unary(graph, node) {
    const { function: name, alpha, beta } = node.attributes;
    if (name === 'Relu') return isClampedAlready(graph, node, 0, Infinity) ? 0 : undefined;
    if (name === 'Clip') return isClampedAlready(graph, node, alpha, beta) ? 0 : undefined;
    return name === 'Affine' && alpha === 1 && beta === 0 ? 0 : undefined;
  },
};

export function bypass(graph: Graph, node: Node, input: number): Replacement {
  const source = valueOf(graph, node.inputs[input] as ValueName);
  const output = valueOf(graph, node.outputs[0] as ValueName);
  const demand = source.type.quantization ?? output.type.quantization;
  const values: Value[] = demand ? [{ ...source, type: { ...source.type, quantization: demand } }] : [];
  return { nodes: [], values, rename: [[output.name, source.name]] };
}

export const removeIdentities = rewritePass('remove-identities', (node, graph) => {
  const clamp = node.attributes?.clamp as readonly [number, number] | undefined;
  if (clamp && (clamp[0] !== -Infinity || clamp[1] !== Infinity)) return undefined;
  const input = identities[node.op.name]?.(graph, node);
  return input === undefined ? undefined : bypass(graph, node, input);
});
