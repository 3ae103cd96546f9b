/** Which nodes stay float32, and why. */
import { consumersOf, type Graph, type Node, producerOf, type Quantization, type ValueName, valueOf } from '../graph.ts';
import { isFloatValue, sharedInputs } from './parameters.ts';

/** A node that runs in float32 inside an int8 model. */
export interface FloatIsland {
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
}

/** Node → reason. */
export type Islands = ReadonlyMap<Node, string>;

/** Whether the node computes on float32 at all; index and shape arithmetic is left as it is. */
export function touchesFloat(graph: Graph, node: Node): boolean {
  return [...node.inputs, ...node.outputs].some((name) => isFloatValue(graph, name));
}

function isKept(node: Node, keepFloat: ReadonlySet<string>): boolean {
  return keepFloat.has(node.name) || node.outputs.some((output) => keepFloat.has(output));
}

/** Nodes that no parameters could make integer, and those that are to stay float32 for these `reasons`, by name. */
export function initialIslands(
  graph: Graph,
  keepFloat: ReadonlySet<string>,
  reasons: ReadonlyMap<string, string> = new Map(),
): Map<Node, string> {
  const islands = new Map<Node, string>();
  for (const node of graph.nodes) {
    if (!touchesFloat(graph, node)) continue;
    const reason = reasons.get(node.name);
    if (reason !== undefined) islands.set(node, reason);
    else if (isKept(node, keepFloat)) islands.set(node, 'kept in float32 as asked');
    else if (node.op.quantize.kind === 'float') islands.set(node, 'there is no int8 kernel for it');
  }
  return islands;
}

/** Why the node cannot be integer with these parameters; undefined when it can. */
export function missingParameters(graph: Graph, node: Node, parameters: ReadonlyMap<ValueName, Quantization>): string | undefined {
  const names = [...node.outputs, ...node.inputs.filter((name) => !valueOf(graph, name).constant)];
  const missing = names.find((name) => isFloatValue(graph, name) && !parameters.has(name));
  return missing && `"${missing}" has no range: it was not observed, or was not finite, on the calibration samples`;
}

/** The nodes that compute the node's float operands, and those that read its outputs. */
function neighboursOf(graph: Graph, node: Node): Node[] {
  const producers = sharedInputs(graph, node)
    .map((name) => producerOf(graph, name))
    .filter((producer) => producer !== undefined);
  return [...producers, ...node.outputs.flatMap((name) => consumersOf(graph, name))];
}

/**
 * Adds the nodes that only move numbers between islands (or between an island and an input or output of the model): as
 * int8 they would cost two conversions and gain nothing.
 */
export function joinIslands(graph: Graph, islands: Map<Node, string>): void {
  const movers = graph.nodes.filter((node) => !islands.has(node) && node.op.quantize.kind === 'same-as-input' && touchesFloat(graph, node));
  const candidates = new Set(movers);
  const isFloat = (node: Node) => islands.has(node) || candidates.has(node);
  const repeat = (change: () => boolean) => {
    while (change());
  };
  repeat(() => {
    const integer = [...candidates].filter((node) => !neighboursOf(graph, node).every(isFloat));
    for (const node of integer) candidates.delete(node);
    return integer.length > 0;
  });
  repeat(() => {
    const joined = [...candidates].filter((node) => neighboursOf(graph, node).some((neighbour) => islands.has(neighbour)));
    for (const node of joined) {
      candidates.delete(node);
      islands.set(node, 'moves numbers between float32 nodes');
    }
    return joined.length > 0;
  });
}
