/**
 * Relu or Clip behind an operator that clamps its output → limits of that operator.
 *
 *     a ← Conv2d(clamp [-Infinity, Infinity]) x, w, b;  y ← Unary(Relu) a      →      y ← Conv2d(clamp [0, Infinity]) x, w, b
 *
 * Conditions: nothing else reads a, and the model does not demand a quantization of its own for a (QDQ).
 */
import { type Graph, hasOneUse, type Node, producerOf, type ValueName, valueOf } from '../graph.ts';
import { Unary, type UnaryAttributes } from '../ops/unary.ts';
import { rewritePass } from './pass.ts';

type Clamp = readonly [number, number];

/** The limits of an activation that only clamps; undefined for others. */
function limitsOf({ function: name, alpha, beta }: UnaryAttributes): Clamp | undefined {
  if (name === 'Relu') return [0, Infinity];
  return name === 'Clip' && alpha <= beta ? [alpha, beta] : undefined;
}

/** First one clamp, then the other. */
export function clampTwice([low, high]: Clamp, [nextLow, nextHigh]: Clamp): Clamp {
  const limit = (value: number) => Math.min(Math.max(value, nextLow), nextHigh);
  return [limit(low), limit(high)];
}

/** The node that computes the value, when it may be merged with its only reader: no one else sees the value. */
export function mergeableProducer(graph: Graph, name: ValueName): Node | undefined {
  return hasOneUse(graph, name) && !valueOf(graph, name).type.quantization ? producerOf(graph, name) : undefined;
}

export const fuseActivation = rewritePass('fuse-activation', (node, graph) => {
  const limits = node.op === Unary ? limitsOf(node.attributes) : undefined;
  const producer = limits && mergeableProducer(graph, node.inputs[0] as ValueName);
  const clamp: Clamp | undefined = producer?.attributes?.clamp;
  if (!limits || !producer || !clamp) return undefined;
  return { nodes: [{ ...producer, outputs: node.outputs, attributes: { ...producer.attributes, clamp: clampTwice(clamp, limits) } }] };
});
