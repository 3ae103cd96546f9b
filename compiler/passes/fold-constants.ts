/**
 * A node whose inputs are all constant → its outputs as constants.
 *
 *     y ← Reshape(shape [4]) w{float32 [2, 2]}      →      y{float32 [4]}
 *
 * The importer folds what is constant in the ONNX model; this folds what other passes made constant.
 */
import { byteLength, constantOf, type Tensor, type Value, valueOf } from '../graph.ts';
import { rewritePass } from './pass.ts';

/** Results larger than their inputs and than this many bytes stay computed: an Expand of one number must not bloat the model. */
const FOLD_LIMIT_BYTES = 1 << 18;

export const foldConstants = rewritePass('fold-constants', (node, graph) => {
  const inputs = node.inputs.map((name) => constantOf(graph, name));
  if (!inputs.every((input): input is Tensor => input !== undefined)) return undefined;
  const bytes = node.outputs.reduce((sum, name) => sum + byteLength(valueOf(graph, name).type), 0);
  const inputBytes = inputs.reduce((sum, input) => sum + byteLength(input.type), 0);
  if (bytes > Math.max(FOLD_LIMIT_BYTES, inputBytes)) return undefined;
  const outputs = node.op.evaluate(inputs, node.attributes);
  const values: Value[] = node.outputs.map((name, i) => ({ ...valueOf(graph, name), constant: (outputs[i] as Tensor).data }));
  return { nodes: [], values };
});
