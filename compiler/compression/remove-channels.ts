/**
 * Removes channels from everything that has them: rows of the layers that make them, columns of the layers that read
 * them, entries of per-channel constants in between. The result is an ordinary, narrower graph.
 */
import { type Graph, type Node, type TensorType, tensor, type Value, type ValueName, valueOf } from '../graph.ts';
import { removeDeadCode } from '../passes/pass.ts';
import { verify } from '../verify.ts';
import { type ChannelUnits, traceChannels, unitsOf } from './channels.ts';
import { layerOf } from './layers.ts';

export interface NarrowedGraph {
  readonly graph: Graph;
  /** Value → the indices along its last axis that are left, for every value that became narrower. */
  readonly kept: ReadonlyMap<ValueName, Int32Array>;
}

/** Indices of the channels that stay. */
function keptIndices(units: Int32Array, removed: ReadonlySet<number>): Int32Array {
  return Int32Array.from([...units.keys()].filter((i) => !removed.has(units[i] as number)));
}

/** The constant with only these indices along one axis. */
function takeAlong(value: Value, axis: number, kept: Int32Array): Value {
  const { shape, dtype } = value.type;
  const source = value.constant as NonNullable<Value['constant']>;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const extent = shape[axis] as number;
  const outer = source.length / (inner * extent);
  const result = tensor(
    dtype,
    shape.map((size, i) => (i === axis ? kept.length : size)),
    [],
  );
  for (let o = 0; o < outer; o++)
    kept.forEach((index, i) => {
      const from = (o * extent + index) * inner;
      result.data.set(source.subarray(from, from + inner), (o * kept.length + i) * inner);
    });
  return { name: value.name, type: result.type, constant: result.data };
}

class Surgeon {
  private readonly values = new Map<ValueName, Value>();
  private readonly kept = new Map<ValueName, Int32Array>();

  constructor(
    private readonly graph: Graph,
    private readonly traced: ChannelUnits,
    private readonly removed: ReadonlySet<number>,
  ) {}

  run(): NarrowedGraph {
    for (const [name, value] of this.graph.values) this.values.set(name, value);
    const nodes = this.graph.nodes.map((node) => this.rewrite(node));
    const graph = removeDeadCode({ ...this.graph, nodes, values: this.values });
    return { graph: verify(graph, 'remove-channels'), kept: this.kept };
  }

  /** The indices that stay of a value's last axis; undefined: all. */
  private keptOf(name: ValueName): Int32Array | undefined {
    const units = this.traced.units.get(name);
    return units?.some((unit) => this.removed.has(unit)) ? keptIndices(units, this.removed) : undefined;
  }

  private rewrite(node: Node): Node {
    const before = node.outputs.map((name) => this.keptOf(name));
    const touched = before.some((kept) => kept) || node.inputs.some((name) => this.keptOf(name));
    if (!touched) return node;
    const changed = this.cut(node);
    const types = changed.op.infer(
      changed.inputs.map((name) => (this.values.get(name) as Value).type),
      changed.attributes,
    );
    node.outputs.forEach((name, i) => {
      // Parameters that the model came with (QDQ) hold for what is left of the value, too.
      const { quantization } = valueOf(this.graph, name).type;
      this.values.set(name, { name, type: { ...(types[i] as TensorType), ...(quantization && { quantization }) } });
      const kept = before[i];
      if (kept) this.kept.set(name, kept);
    });
    return changed;
  }

  private cut(node: Node): Node {
    const layer = layerOf(this.graph, node);
    if (layer) return this.cutLayer(node);
    const output = node.outputs[0] as ValueName;
    const kept = this.keptOf(output);
    switch (node.op.name) {
      case 'Reshape':
        return { ...node, attributes: { shape: this.narrowed(output, kept) } };
      case 'Slice':
        return { ...node, attributes: this.cutSlice(node, kept) };
      default:
        return kept ? { ...node, inputs: node.inputs.map((name) => this.cutOperand(node, name, kept)) } : node;
    }
  }

  private narrowed(name: ValueName, kept: Int32Array | undefined): number[] {
    const { shape } = valueOf(this.graph, name).type;
    return kept ? [...shape.slice(0, -1), kept.length] : [...shape];
  }

  private cutSlice(node: Node, kept: Int32Array | undefined) {
    const { starts, steps } = node.attributes;
    const units = unitsOf(this.traced, node.inputs[0] as ValueName);
    const first = keptIndices(units.slice(0, starts.at(-1)), this.removed).length;
    return { steps, starts: [...starts.slice(0, -1), first], shape: this.narrowed(node.outputs[0] as ValueName, kept) };
  }

  private cutOperand(node: Node, name: ValueName, kept: Int32Array): ValueName {
    const value = valueOf(this.graph, name);
    const last = value.type.shape.length - 1;
    const extent = unitsOf(this.traced, node.outputs[0] as ValueName).length;
    if (!value.constant || value.type.shape[last] !== extent || extent === 1) return name;
    return this.store(node, takeAlong(value, last, kept));
  }

  private cutLayer(node: Node): Node {
    const [x, w, b] = node.inputs.slice(0, 3) as [ValueName, ValueName, ValueName];
    const [rows, columns] = [this.keptOf(node.outputs[0] as ValueName), this.keptOf(x)];
    let [weights, bias] = [valueOf(this.graph, w), valueOf(this.graph, b)];
    const isDepthwise = layerOf(this.graph, node)?.kind === 'depthwise';
    if (rows) {
      weights = takeAlong(weights, 0, rows);
      bias = takeAlong(bias, bias.type.shape.length - 1, rows);
    }
    if (columns && !isDepthwise) weights = takeAlong(weights, weights.type.shape.length - 1, columns);
    const inputs = [x, this.store(node, weights), this.store(node, bias), ...node.inputs.slice(3)];
    return { ...node, inputs, ...(isDepthwise && rows && { attributes: { ...node.attributes, groups: rows.length } }) };
  }

  /** Under a name of this node's own: another node may read the whole constant. */
  private store(node: Node, value: Value): ValueName {
    if (value.constant === this.graph.values.get(value.name)?.constant) return value.name;
    const isShared = this.graph.nodes.some((other) => other !== node && other.inputs.includes(value.name));
    const name = isShared ? `${node.name}.${value.name}` : value.name;
    this.values.set(name, { ...value, name });
    return name;
  }
}

/**
 * The graph without these units. At least one channel of every value must stay.
 * @param removed units of `traced`, none of them frozen
 */
export function removeChannels(graph: Graph, removed: ReadonlySet<number>, traced: ChannelUnits = traceChannels(graph)): NarrowedGraph {
  for (const unit of removed) if (traced.frozen.has(unit)) throw new Error(`channel unit ${unit} is frozen`);
  if (removed.size === 0) return { graph, kept: new Map() };
  for (const [name, units] of traced.units)
    if (units.every((unit) => removed.has(unit))) throw new Error(`every channel of "${name}" would be removed`);
  return new Surgeon(graph, traced, removed).run();
}
