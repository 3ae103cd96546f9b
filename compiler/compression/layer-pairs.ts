/** Two layers with nothing but pools between them: what lies between may be scaled or shifted by channel. */
import { consumersOf, freshName, type Graph, hasOneUse, type Node, type ValueName, valueOf } from '../graph.ts';
import { AveragePool } from '../ops/average-pool.ts';
import { MaxPool } from '../ops/max-pool.ts';
import type { Window } from '../ops/window.ts';
import { type Layer, layerOf } from './layers.ts';

export interface Reader {
  readonly layer: Layer;
  /** Windows of the pools on the way. */
  readonly pools: readonly Window[];
}

/** The layer that alone reads this value, directly or through pools. */
export function readerOf(graph: Graph, value: ValueName): Reader | undefined {
  if (!hasOneUse(graph, value)) return undefined;
  const [node] = consumersOf(graph, value) as readonly [Node];
  if (node.op === MaxPool || node.op === AveragePool) {
    const behind = readerOf(graph, node.outputs[0] as ValueName);
    return behind && { ...behind, pools: [node.attributes, ...behind.pools] };
  }
  const layer = layerOf(graph, node);
  // Of a grouped layer that is not depthwise, several rows share a column.
  return layer && layer.input === value && layer.kind !== 'grouped' ? { layer, pools: [] } : undefined;
}

/** The graph with another name for a value that is no longer the original's: later steps would take the original's for its target. */
export function renamed(graph: Graph, name: ValueName, suffix: string): Graph {
  const to = freshName(graph, `${name}.${suffix}`);
  const values = new Map(graph.values);
  values.set(to, { ...valueOf(graph, name), name: to });
  values.delete(name);
  const replace = (names: readonly ValueName[]) => (names.includes(name) ? names.map((other) => (other === name ? to : other)) : names);
  return {
    ...graph,
    values,
    nodes: graph.nodes.map((node) => ({ ...node, inputs: replace(node.inputs), outputs: replace(node.outputs) })),
  };
}
