/**
 * Takes some of a dense layer's inputs where channels cannot be removed (what the model is given): a Gather in front of
 * the layer, and only their columns of the matrix (methods.md 15, the input selector).
 *
 *     x [.., D] → Dense [N, D]      x [.., D] → Gather → [.., d] → Dense [N, d]
 */
import { freshName, type Graph, type TensorType, tensor, type ValueName, valueOf } from '../graph.ts';
import { matrix, takeColumns } from '../linalg/matrix.ts';
import { Gather } from '../ops/gather.ts';
import { removeDeadCode } from '../passes/pass.ts';
import { verify } from '../verify.ts';
import type { Layer } from './layers.ts';

/** @param kept indices of the inputs that stay, ascending; at least one */
export function selectInputs(graph: Graph, layer: Layer, kept: ArrayLike<number>): Graph {
  const [x, , ...rest] = layer.node.inputs as [ValueName, ValueName, ...ValueName[]];
  const values = new Map(graph.values);
  const add = (wanted: string, type: TensorType, constant?: Int32Array | Float32Array) => {
    const name = freshName({ values }, wanted);
    values.set(name, { name, type, ...(constant && { constant }) });
    return name;
  };
  const axis = valueOf(graph, x).type.shape.length - 1;
  const indices = tensor('int32', [kept.length], kept);
  const chosen = add(`${layer.name}.inputs`, indices.type, indices.data as Int32Array);
  const [type] = Gather.infer([valueOf(graph, x).type, indices.type], { axis }) as [TensorType];
  const gathered = add(`${layer.name}.selected`, type);
  const narrow = takeColumns(matrix(layer.outputs, layer.columns, layer.weights), kept);
  const weights = tensor('float32', [layer.outputs, kept.length], narrow.data);
  const narrowed = add(`${layer.name}.weights`, weights.type, weights.data as Float32Array);
  const gather = {
    name: freshName({ values }, `${layer.name}.select`),
    op: Gather,
    inputs: [x, chosen],
    outputs: [gathered],
    attributes: { axis },
  };
  const nodes = graph.nodes.flatMap((node) =>
    node.name === layer.name ? [gather, { ...node, inputs: [gathered, narrowed, ...rest] }] : [node],
  );
  return verify(removeDeadCode({ ...graph, values, nodes }), 'select-inputs');
}
