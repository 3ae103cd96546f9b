/** Graph → ONNX model: the float graph, or the int8 graph as QDQ. */
import { UnsupportedModelError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { version } from '../root.ts';
import { OnnxWriter } from './writer.ts';

/**
 * The model has the inputs and outputs of the one that the graph was imported from; int8 ports are float32 there.
 * @returns the bytes of an ONNX file
 * @throws UnsupportedModelError with every operator that has no ONNX form
 */
export function exportOnnx(graph: Graph): Uint8Array {
  const problems = graph.nodes
    .filter((node) => !node.op.toOnnx)
    .map((node) => ({
      node: node.name,
      operator: node.op.name,
      reason: 'the operator has no ONNX form',
      fix: 'leave out --onnx, or cut the model before this node',
    }));
  if (problems.length) throw new UnsupportedModelError(graph.name, problems);
  const writer = new OnnxWriter(graph);
  for (const node of graph.nodes) {
    writer.currentNode = node.name;
    node.op.toOnnx?.(node, writer);
  }
  for (const port of graph.outputs) writer.addOutput(port);
  return writer.finish('whittle', version);
}
