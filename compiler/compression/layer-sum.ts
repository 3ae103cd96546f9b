/** A layer as the sum of a chain and a layer of single weights or channels: what decompositions into parts become in the graph. */
import { freshName, type Graph, type Node, type Value, type ValueName, valueOf } from '../graph.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { Add } from '../ops/add.ts';
import { unclamped } from '../ops/elementwise.ts';
import { Gather } from '../ops/gather.ts';
import type { Op } from '../ops/op.ts';
import { type Link, replaceLayer } from './layer-chain.ts';
import { type Layer, layerNamed } from './layers.ts';

export interface SecondPart {
  /** [outputs, columns] of the layer. */
  readonly sparse: Matrix;
  /** Of the sum; the chain adds it. */
  readonly bias: ArrayLike<number>;
  /** Input channels that `sparse` needs; the others are zero. Default: all of them are read. */
  readonly channels?: readonly number[];
}

/** Collects values and nodes that come in the layer's place. */
class Parts {
  readonly values: Map<string, Value>;
  readonly nodes: Node[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly layer: Layer,
  ) {
    this.values = new Map(graph.values);
  }

  constant(base: string, shape: readonly number[], constant: Float32Array | Int32Array): ValueName {
    const name = freshName(this, `${this.layer.name}.${base}`);
    this.values.set(name, { name, type: { dtype: constant instanceof Int32Array ? 'int32' : 'float32', shape }, constant });
    return name;
  }

  private output(part: number): ValueName {
    const name = freshName(this, `${this.layer.name}.part${part}.out`);
    const { type } = valueOf(this.graph, this.layer.output);
    this.values.set(name, { name, type: { dtype: type.dtype, shape: type.shape } });
    return name;
  }

  /** The layer's operator with other operands, without activation. */
  part(index: 1 | 2, inputs: readonly ValueName[]): ValueName {
    const output = this.output(index);
    const attributes = { ...this.layer.node.attributes, ...unclamped };
    this.nodes.push({ ...this.layer.node, name: `${this.layer.name}.part${index}`, inputs, outputs: [output], attributes } as Node);
    return output;
  }

  /** The layer's input with these channels only. */
  gather(channels: readonly number[]): ValueName {
    const { type } = valueOf(this.graph, this.layer.input);
    const name = freshName(this, `${this.layer.name}.channels.out`);
    this.values.set(name, { name, type: { dtype: type.dtype, shape: [...type.shape.slice(0, -1), channels.length] } });
    const indices = this.constant('channels', [channels.length], Int32Array.from(channels));
    const attributes = { axis: type.shape.length - 1 };
    this.nodes.push({
      name: `${this.layer.name}.channels`,
      op: Gather,
      inputs: [this.layer.input, indices],
      outputs: [name],
      attributes,
    } as unknown as Node);
    return name;
  }
}

/**
 * The graph with chain + second part in the layer's place. An Add takes the layer's name, output and activation; the parts
 * are named after it. Without channels, there is no second part.
 */
export function placeSum(graph: Graph, layer: Layer, links: readonly Link[], { sparse, bias, channels }: SecondPart): Graph {
  const last = links.at(-1) as Link;
  const chain = [...links.slice(0, -1), { ...last, bias }];
  const parts = new Parts(graph, layer);
  const [x, w, b] = layer.node.inputs as [ValueName, ValueName, ValueName];
  const first = parts.part(1, [x, w, b]);
  const isSubset = channels !== undefined && channels.length < layer.inputs;
  const kept = isSubset ? channels : Array.from({ length: layer.inputs }, (_, i) => i);
  const columns = Array.from({ length: layer.taps }, (_, tap) => kept.map((channel) => tap * layer.inputs + channel)).flat();
  const weights = new Float32Array(layer.outputs * columns.length);
  for (let o = 0; o < layer.outputs; o++)
    columns.forEach((column, j) => {
      weights[o * columns.length + j] = sparse.data[o * layer.columns + column] as number;
    });
  const shape = valueOf(graph, w).type.shape;
  const input = isSubset && kept.length > 0 ? parts.gather(kept) : x;
  const sum = (inputs: readonly ValueName[]) =>
    ({ ...layer.node, op: Add as Op<unknown>, inputs, attributes: { clamp: layer.clamp } }) as Node;
  if (kept.length === 0) return replaceLayer(graph, layer, chain);
  const weight = parts.constant('part2.weight', [...shape.slice(0, -1), kept.length], weights);
  const second = parts.part(2, [input, weight, parts.constant('part2.bias', [layer.outputs], new Float32Array(layer.outputs))]);
  const nodes = [...parts.nodes, sum([first, second])];
  const split = { ...graph, values: parts.values, nodes: graph.nodes.flatMap((node) => (node.name === layer.name ? nodes : [node])) };
  return replaceLayer(split, layerNamed(split, `${layer.name}.part1`) as Layer, chain);
}
