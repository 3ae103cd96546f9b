/**
 * Reshape of a Reshape → one Reshape.
 *
 *     a ← Reshape(shape [4, 3]) x;  y ← Reshape(shape [2, 6]) a      →      y ← Reshape(shape [2, 6]) x
 */
import { producerOf, type ValueName } from '../graph.ts';
import { Reshape } from '../ops/reshape.ts';
import { rewritePass } from './pass.ts';

export const mergeReshapes = rewritePass('merge-reshapes', (node, graph) => {
  if (node.op !== Reshape) return undefined;
  const before = producerOf(graph, node.inputs[0] as ValueName);
  if (before?.op !== Reshape) return undefined;
  return { nodes: [{ ...node, inputs: before.inputs }] };
});
