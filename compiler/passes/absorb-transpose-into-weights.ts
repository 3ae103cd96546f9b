/**
 * A Transpose in front of a Dense layer with constant weights → the weights with their columns in that order.
 *
 *     a ← Transpose(permutation) x;  b ← Reshape(shape [N, K]) a;  y ← Dense b, w, bias
 *                                    ↓
 *     b ← Reshape(shape [N, K]) x;  y ← Dense b, w', bias
 *
 * Conditions: the permutation leaves the leading axes that the Reshape keeps, so that it moves elements only inside the
 * K columns; every reader of the Transpose is such a Reshape, read by such Dense layers only.
 */
import {
  consumersOf,
  freshName,
  type Graph,
  isGraphOutput,
  type Node,
  producerOf,
  type Tensor,
  type TypedArray,
  type Value,
  type ValueName,
  valueOf,
} from '../graph.ts';
import { Dense } from '../ops/dense.ts';
import { Reshape } from '../ops/reshape.ts';
import { Transpose, type TransposeAttributes } from '../ops/transpose.ts';
import { rewritePass } from './pass.ts';
import { inverse, type Permutation } from './permutation.ts';

/** The axes that hold the columns, when the permutation moves elements only inside the last axis of the reshaped value. */
function columnAxes(from: readonly number[], permutation: Permutation, to: readonly number[]): Permutation | undefined {
  const columns = to.at(-1);
  let first = from.length;
  let product = 1;
  while (first > 0 && product !== columns) product *= from[permutation[--first] as number] as number;
  if (product !== columns || permutation.slice(0, first).some((axis, i) => axis !== i)) return undefined;
  return permutation.slice(first).map((axis) => axis - first);
}

function isDenseOn(graph: Graph, node: Node, name: ValueName): boolean {
  return (
    node.op === Dense &&
    node.inputs[0] === name &&
    node.inputs.lastIndexOf(name) === 0 &&
    !!valueOf(graph, node.inputs[1] as ValueName).constant
  );
}

/** The readers of the Transpose, when all of them can take its permutation into their weights. */
function absorbersOf(graph: Graph, transpose: Node<TransposeAttributes>): { reshape: Node; dense: readonly Node[] }[] | undefined {
  const [output] = transpose.outputs as [ValueName];
  const from = valueOf(graph, transpose.inputs[0] as ValueName).type.shape;
  const readers = consumersOf(graph, output);
  if (isGraphOutput(graph, output) || readers.length === 0) return undefined;
  const absorbers = readers.map((reshape) => ({ reshape, dense: consumersOf(graph, reshape.outputs[0] as ValueName) }));
  const fit = absorbers.every(({ reshape, dense }) => {
    const [flat] = reshape.outputs as [ValueName];
    return (
      reshape.op === Reshape &&
      !isGraphOutput(graph, flat) &&
      dense.length > 0 &&
      dense.every((node) => isDenseOn(graph, node, flat)) &&
      columnAxes(from, transpose.attributes.permutation, valueOf(graph, flat).type.shape)
    );
  });
  return fit ? absorbers : undefined;
}

/** Whether this pass removes the Transpose. */
export function isAbsorbed(graph: Graph, transpose: Node<TransposeAttributes>): boolean {
  return absorbersOf(graph, transpose) !== undefined;
}

/** weights [O, columns in the permuted order] → the columns in the order before the permutation. */
function permuteColumns({ type, constant }: Value, extents: readonly number[], permutation: Permutation): TypedArray {
  const [rows] = type.shape as [number];
  const shape = [rows, ...permutation.map((axis) => extents[axis] as number)];
  const columns: Tensor = { type: { dtype: type.dtype, shape }, data: constant as TypedArray };
  const [result] = Transpose.evaluate([columns], { permutation: [0, ...inverse(permutation).map((axis) => axis + 1)] }) as [Tensor];
  return result.data;
}

/** Matches the Dense layer; the Transpose dies with its last reader. */
export const absorbTransposeIntoWeights = rewritePass('absorb-transpose-into-weights', (node, graph) => {
  if (node.op !== Dense) return undefined;
  const [flat, weightsName] = node.inputs as [ValueName, ValueName];
  const reshape = producerOf(graph, flat);
  const transpose: Node<TransposeAttributes> | undefined = reshape && producerOf(graph, reshape.inputs[0] as ValueName);
  if (reshape?.op !== Reshape || transpose?.op !== Transpose || !isAbsorbed(graph, transpose)) return undefined;
  const [source] = transpose.inputs as [ValueName];
  const from = valueOf(graph, source).type.shape;
  const { type } = valueOf(graph, flat);
  const columns = columnAxes(from, transpose.attributes.permutation, type.shape) as Permutation;
  const weights = valueOf(graph, weightsName);
  const constant = permuteColumns(weights, from.slice(from.length - columns.length), columns);
  const newWeights = { ...weights, name: freshName(graph, `${weightsName}.permuted`), constant };
  const newFlat = { name: freshName(graph, `${flat}.channels-last`), type };
  return {
    nodes: [
      { ...reshape, name: newFlat.name, inputs: [source], outputs: [newFlat.name] },
      { ...node, inputs: [newFlat.name, newWeights.name, ...node.inputs.slice(2)] },
    ],
    values: [newWeights, newFlat],
  };
});
