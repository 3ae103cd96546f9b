/** Where ONNX's channels-first operators meet the channels-last graph: importers of spatial operators wrap their node in these. */
import type { ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { Transpose } from './transpose.ts';

/** For nodes that only change the layout: the operator itself keeps the name of its ONNX node, reports and --keep-float go by it. */
export function layoutName(graph: GraphBuilder): string {
  return `${graph.currentNode || Transpose.name}.layout`;
}

/** [N, C, …spatial] → [N, …spatial, C] */
export function toChannelsLast(graph: GraphBuilder, x: ValueName): ValueName {
  const rank = graph.shape(x).length;
  const permutation = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  return graph.addOne(Transpose, [x], { permutation }, { name: layoutName(graph) });
}

/** [N, …spatial, C] → [N, C, …spatial], named `output` where the model names it. */
export function toChannelsFirst(graph: GraphBuilder, x: ValueName, output?: ValueName): ValueName {
  const rank = graph.shape(x).length;
  const permutation = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  return graph.addOne(Transpose, [x], { permutation }, { name: layoutName(graph), ...(output && { output }) });
}
