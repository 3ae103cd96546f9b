/**
 * A dense (or point-wise) layer in Tensor-Train form at run time (Novikov et al. 2015; methods.md 12): one small Dense per core, with the
 * axis that the next core sums over brought to the end in between.
 *
 *     x [B, n_1, Q]   → Transpose → [Q, B, n_1]
 *     core k          [Q, B·P, (r_k-1, n_k)] → Dense → [(n_k+1, Q'), B·P, (m_k, r_k)] → Transpose → [Q', B·P·m_k, (r_k, n_k+1)]
 *     last core       [B·P, (r_d-1, n_d)] → Dense → [B, m_1 … m_d] → Add bias, with the layer's activation
 */
import { elementCount, freshName, type Graph, type Node, type TensorType, type Value, type ValueName, valueOf } from '../graph.ts';
import type { TensorTrainCore } from '../linalg/tensor-train.ts';
import { Add } from '../ops/add.ts';
import { Dense } from '../ops/dense.ts';
import { type ElementwiseAttributes, unclamped } from '../ops/elementwise.ts';
import type { Op } from '../ops/op.ts';
import { Reshape, type ReshapeAttributes } from '../ops/reshape.ts';
import { Transpose, type TransposeAttributes } from '../ops/transpose.ts';
import type { Layer } from './layers.ts';

/** G_k [r_{k-1}, m_k, n_k, r_k] as the weights of a Dense: rows (m_k, r_k), columns (r_{k-1}, n_k). */
export function coreWeights({ left, outputs, inputs, right, data }: TensorTrainCore): Float32Array {
  const weights = new Float32Array(data.length);
  for (let a = 0; a < left; a++)
    for (let m = 0; m < outputs; m++)
      for (let n = 0; n < inputs; n++)
        for (let s = 0; s < right; s++)
          weights[(m * right + s) * left * inputs + a * inputs + n] = data[((a * outputs + m) * inputs + n) * right + s] as number;
  return weights;
}

/** Name of the Dense of core `index`. */
export function coreName(layer: Pick<Layer, 'name'>, index: number): string {
  return `${layer.name}.core${index + 1}`;
}

/** Adds nodes one after the other behind a value. */
class Chain {
  readonly nodes: Node[] = [];
  readonly values: Map<string, Value>;

  constructor(
    graph: Graph,
    private current: ValueName,
  ) {
    this.values = new Map(graph.values);
  }

  constant(base: string, shape: readonly number[], data: Float32Array): ValueName {
    const name = freshName(this, base);
    this.values.set(name, { name, type: { dtype: 'float32', shape }, constant: data });
    return name;
  }

  private add<A>(name: string, op: Op<A>, inputs: readonly ValueName[], attributes: A): void {
    const [type] = op.infer(
      inputs.map((input) => (this.values.get(input) as Value).type),
      attributes,
    ) as [TensorType];
    const output = freshName(this, `${name}.out`);
    this.values.set(output, { name: output, type });
    this.nodes.push({ name, op, inputs, outputs: [output], attributes } as Node);
    this.current = output;
  }

  reshape(name: string, shape: readonly number[]): void {
    this.add<ReshapeAttributes>(name, Reshape, [this.current], { shape });
  }

  transpose(name: string, permutation: readonly number[]): void {
    this.add<TransposeAttributes>(name, Transpose, [this.current], { permutation });
  }

  dense(name: string, outputs: number, weights: Float32Array): void {
    const w = this.constant(`${name}.weight`, [outputs, weights.length / outputs], weights);
    const b = this.constant(`${name}.bias`, [outputs], new Float32Array(outputs));
    this.add<ElementwiseAttributes>(name, Dense, [this.current, w, b], unclamped);
  }

  /** The last node takes the layer's name and output. */
  addBias(layer: Layer, bias: Float32Array): void {
    const b = this.constant(`${layer.name}.bias`, [bias.length], bias);
    this.nodes.push({ ...layer.node, op: Add as Op<unknown>, inputs: [this.current, b], attributes: { clamp: layer.clamp } } as Node);
  }
}

/** The graph with the cores in the layer's place. @param bias [outputs] */
export function replaceByTensorTrain(graph: Graph, layer: Layer, cores: readonly TensorTrainCore[], bias: Float32Array): Graph {
  const chain = new Chain(graph, layer.input);
  const batch = layer.positions;
  const rest = (from: number) => cores.slice(from).reduce((product, { inputs }) => product * inputs, 1);
  const first = cores[0] as TensorTrainCore;
  chain.reshape(`${layer.name}.split`, [batch, first.inputs, rest(1)]);
  chain.transpose(`${layer.name}.turn`, [2, 0, 1]);
  let done = batch;
  cores.forEach((core, k) => {
    const name = coreName(layer, k);
    chain.reshape(`${name}.in`, [rest(k + 1) * done, core.left * core.inputs]);
    chain.dense(name, core.outputs * core.right, coreWeights(core));
    done *= core.outputs;
    const next = cores[k + 1];
    if (!next) return;
    chain.reshape(`${name}.split`, [next.inputs, rest(k + 2), done, core.right]);
    chain.transpose(`${name}.turn`, [1, 2, 3, 0]);
  });
  const { shape } = valueOf(graph, layer.output).type;
  if (elementCount(shape) !== done) throw new Error(`cores of ${done} outputs do not fit ${elementCount(shape)}`);
  chain.reshape(`${layer.name}.join`, shape);
  chain.addBias(layer, bias);
  return {
    ...graph,
    values: chain.values,
    nodes: graph.nodes.flatMap((node) => (node.name === layer.name ? chain.nodes : [node])),
  };
}
