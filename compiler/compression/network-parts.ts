/**
 * A network as a chain of parts: behind each part, one value alone carries everything that was computed so far. Residual
 * blocks, fire modules and pairs of depthwise and pointwise layers are such parts.
 */
import { type Graph, isGraphOutput, type Node, type ValueName, valueOf } from '../graph.ts';
import { layerOf } from './layers.ts';

export interface NetworkPart {
  /** In execution order. */
  readonly nodes: readonly Node[];
  /** Names of its layers. */
  readonly layers: readonly string[];
  /** Values that alone carry the computation, the part's output last. */
  readonly cuts: readonly ValueName[];
}

/** For each node, the value that alone is read behind it; undefined where there are more. */
function cutsOf({ nodes, ...graph }: Graph): (ValueName | undefined)[] {
  const lastUse = new Map<ValueName, number>();
  nodes.forEach(({ inputs }, i) => {
    for (const name of inputs) lastUse.set(name, i);
  });
  const live = new Set(graph.inputs.map(({ value }) => value));
  return nodes.map(({ outputs }, i) => {
    for (const name of outputs) live.add(name);
    for (const name of live) if ((lastUse.get(name) ?? -1) <= i && !isGraphOutput({ nodes, ...graph }, name)) live.delete(name);
    return live.size === 1 ? ([...live][0] as ValueName) : undefined;
  });
}

/**
 * @param depth layers that a part has at least; a rest with fewer joins the part before. What follows the last layer up to
 * the next cut belongs to the last part, the rest to none.
 */
export function networkParts(graph: Graph, depth: number): NetworkPart[] {
  const cuts = cutsOf(graph);
  const parts: NetworkPart[] = [];
  let part = { nodes: [] as Node[], layers: [] as string[], cuts: [] as ValueName[] };
  const lastLayer = graph.nodes.findLastIndex((node) => layerOf(graph, node));
  for (const [i, node] of graph.nodes.entries()) {
    part.nodes.push(node);
    if (layerOf(graph, node)) part.layers.push(node.name);
    const cut = cuts[i];
    if (cut === undefined) continue;
    if (valueOf(graph, cut).type.dtype === 'float32') part.cuts.push(cut);
    const isLast = i >= lastLayer;
    if (part.layers.length < depth && !isLast) continue;
    const before = parts.at(-1);
    if (isLast && part.layers.length < depth && before) {
      parts.pop();
      part = { nodes: [...before.nodes, ...part.nodes], layers: [...before.layers, ...part.layers], cuts: [...before.cuts, ...part.cuts] };
    }
    parts.push(part);
    part = { nodes: [], layers: [], cuts: [] };
    if (isLast) break;
  }
  return parts;
}
