/**
 * Which channels of which values are one and the same: residual adds, concats, depthwise convolutions, flattening and
 * everything elementwise tie channels together, so that they can only be removed together.
 *
 * Every channel of every value gets a *unit*. Two channels have the same unit when one operator demands it:
 *
 *     Add, Mul, …, activations, pools, depthwise      channel i of the operands and of the result
 *     Concat along the channels                       the units of the operands, one list after the other
 *     Flatten [H, W, C] → [H·W·C]                     the units of the channels, H·W times
 *     Conv2d, Dense                                   new units for the result: these layers own them
 *
 * Units that an operator fixes (inputs and outputs of the model, what a Softmax normalizes) are frozen.
 */
import { type Graph, type Node, type Value, type ValueName, valueOf } from '../graph.ts';
import { type Layer, layerOf } from './layers.ts';

export interface ChannelUnits {
  /** Unit of each index along the last axis, for every value that is computed. */
  readonly units: ReadonlyMap<ValueName, Int32Array>;
  /** Units that cannot be removed. */
  readonly frozen: ReadonlySet<number>;
}

/** Units that are made by the same layers: pruning chooses among them. */
export interface ChannelGroup {
  /** In the order of the first producer's channels. */
  readonly units: readonly number[];
  /** The layers with a row per unit. Depthwise layers are none of them: they neither make nor read channels. */
  readonly producers: readonly Layer[];
  /** The layers with columns per unit. */
  readonly consumers: readonly Layer[];
}

/** Operators on the last axis one index at a time, whose other operands broadcast. */
const elementwise = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Max',
  'Min',
  'Pow',
  'PRelu',
  'Where',
  'Compare',
  'Unary',
  'Cast',
  'InstanceNorm',
]);

/** Operators that leave the last axis as it is. */
const spatial = new Set(['MaxPool', 'AveragePool', 'Resize']);

class UnitTracer {
  private readonly parents: number[] = [];
  readonly units = new Map<ValueName, Int32Array>();
  private readonly fixed: number[] = [];

  constructor(private readonly graph: Graph) {}

  find(unit: number): number {
    let root = unit;
    while (this.parents[root] !== root) root = this.parents[root] as number;
    this.parents[unit] = root;
    return root;
  }

  private union(a: number, b: number): void {
    const [low, high] = [this.find(a), this.find(b)].sort((x, y) => x - y) as [number, number];
    this.parents[high] = low;
  }

  private shape(name: ValueName): readonly number[] {
    return valueOf(this.graph, name).type.shape;
  }

  private lastExtent(name: ValueName): number {
    return this.shape(name).at(-1) ?? 1;
  }

  private fresh(name: ValueName): void {
    this.units.set(
      name,
      Int32Array.from({ length: this.lastExtent(name) }, () => this.parents.push(this.parents.length) - 1),
    );
  }

  private freeze(name: ValueName): void {
    this.fixed.push(...(this.units.get(name) ?? []));
  }

  private freezeNode(node: Node): void {
    for (const name of node.inputs) this.freeze(name);
    for (const name of node.outputs) {
      if (!this.units.has(name)) this.fresh(name);
      this.freeze(name);
    }
  }

  /** The channels of both values are the same. */
  private tie(a: ValueName, b: ValueName): void {
    const [first, second] = [this.units.get(a) as Int32Array, this.units.get(b) as Int32Array];
    first.forEach((unit, i) => {
      this.union(unit, second[i] as number);
    });
  }

  run(): ChannelUnits {
    for (const { value } of this.graph.inputs) {
      this.fresh(value);
      this.freeze(value);
    }
    for (const node of this.graph.nodes) if (!this.trace(node)) this.freezeNode(node);
    for (const { value } of this.graph.outputs) this.freeze(value);
    return {
      units: new Map([...this.units].map(([name, units]) => [name, units.map((unit) => this.find(unit))])),
      frozen: new Set(this.fixed.map((unit) => this.find(unit))),
    };
  }

  /** @returns false: nothing is known of this operator, or not in these shapes. */
  private trace(node: Node): boolean {
    const { name } = node.op;
    if (name === 'Conv2d' || name === 'Dense') return this.traceLayer(node);
    if (elementwise.has(name)) return this.traceElementwise(node);
    if (spatial.has(name)) return this.share(node);
    switch (name) {
      case 'Reduce':
      case 'ReduceExtreme': {
        const last = this.shape(node.inputs[0] as ValueName).length - 1;
        return !node.attributes.axes.includes(last) && this.share(node);
      }
      case 'Pad':
        return node.attributes.before.at(-1) === 0 && node.attributes.after.at(-1) === 0 && this.share(node);
      case 'Transpose':
        return node.attributes.permutation.at(-1) === node.attributes.permutation.length - 1 && this.share(node);
      case 'Tile':
        return node.attributes.repeats.at(-1) === 1 && this.share(node);
      case 'Slice':
        return this.traceSlice(node);
      case 'Reshape':
        return this.traceReshape(node);
      case 'Concat':
        return this.traceConcat(node);
      default:
        return false;
    }
  }

  /** The output has the units of the first input. */
  private share(node: Node): boolean {
    const units = this.units.get(node.inputs[0] as ValueName);
    const output = node.outputs[0] as ValueName;
    if (!units || units.length !== this.lastExtent(output) || node.outputs.length !== 1) return false;
    this.units.set(output, units);
    return true;
  }

  private traceLayer(node: Node): boolean {
    const layer = layerOf(this.graph, node);
    if (layer?.kind === 'depthwise') return this.share(node);
    if (!layer || layer.kind === 'grouped') return false;
    this.fresh(layer.output);
    return true;
  }

  private traceElementwise(node: Node): boolean {
    const output = node.outputs[0] as ValueName;
    const extent = this.lastExtent(output);
    const operands = node.inputs.filter((name) => !valueOf(this.graph, name).constant);
    const whole = operands.filter((name) => this.lastExtent(name) === extent);
    const isKnown = operands.every((name) => this.units.has(name)) && whole.length > 0;
    // A constant that varies along other axes only, or along the channels only, can be cut with them.
    if (!isKnown || node.outputs.length !== 1) return false;
    this.units.set(output, this.units.get(whole[0] as ValueName) as Int32Array);
    for (const name of whole.slice(1)) this.tie(output, name);
    for (const name of operands) if (!whole.includes(name)) this.freeze(name);
    return true;
  }

  private traceSlice(node: Node): boolean {
    const units = this.units.get(node.inputs[0] as ValueName);
    const [start, step, count] = [node.attributes.starts.at(-1), node.attributes.steps.at(-1), node.attributes.shape.at(-1)];
    if (!units || step !== 1) return false;
    this.units.set(node.outputs[0] as ValueName, units.slice(start, start + count));
    return true;
  }

  /** The last axis stays, or takes in axes before it: [.., H, W, C] → [.., H·W·C]. */
  private traceReshape(node: Node): boolean {
    const [input, output] = [node.inputs[0] as ValueName, node.outputs[0] as ValueName];
    const units = this.units.get(input);
    const [from, to] = [this.lastExtent(input), this.lastExtent(output)];
    if (!units || to % from !== 0) return false;
    this.units.set(
      output,
      Int32Array.from({ length: to }, (_, i) => units[i % from] as number),
    );
    return true;
  }

  private traceConcat(node: Node): boolean {
    const lists = node.inputs.map((name) => this.units.get(name));
    if (!lists.every((list) => list !== undefined)) return false;
    const output = node.outputs[0] as ValueName;
    if (node.attributes.axis !== this.shape(output).length - 1) {
      this.units.set(output, lists[0] as Int32Array);
      for (const name of node.inputs.slice(1)) this.tie(output, name);
    } else {
      this.units.set(output, Int32Array.from(lists.flatMap((list) => [...list])));
    }
    return true;
  }
}

export function traceChannels(graph: Graph): ChannelUnits {
  return new UnitTracer(graph).run();
}

/** The unit of each channel of a value. */
export function unitsOf({ units }: ChannelUnits, name: ValueName): Int32Array {
  const list = units.get(name);
  if (!list) throw new Error(`the channels of "${name}" were not traced`);
  return list;
}

/** The groups of removable units, in the order in which the graph makes them. */
export function channelGroups(graph: Graph, traced: ChannelUnits = traceChannels(graph)): ChannelGroup[] {
  const layers = graph.nodes
    .map((node) => layerOf(graph, node))
    .filter((layer) => layer !== undefined && layer.kind !== 'depthwise') as Layer[];
  const makers = new Map<number, Layer[]>();
  const readers = new Map<number, Set<Layer>>();
  for (const layer of layers) {
    for (const unit of new Set(unitsOf(traced, layer.output))) makers.set(unit, [...(makers.get(unit) ?? []), layer]);
    for (const unit of traced.units.get(layer.input) ?? []) readers.set(unit, (readers.get(unit) ?? new Set<Layer>()).add(layer));
  }
  const groups = new Map<string, { units: number[]; producers: Layer[]; consumers: Set<Layer> }>();
  for (const [unit, producers] of makers) {
    if (traced.frozen.has(unit)) continue;
    const key = producers.map(({ name }) => name).join('\n');
    const group = groups.get(key) ?? { units: [], producers, consumers: new Set<Layer>() };
    groups.set(key, group);
    group.units.push(unit);
    for (const reader of readers.get(unit) ?? []) group.consumers.add(reader);
  }
  return [...groups.values()].map(({ consumers, ...group }) => ({ ...group, consumers: [...consumers] }));
}

/** The values whose channels are of this group, in execution order. */
export function valuesOfGroup(graph: Graph, traced: ChannelUnits, group: ChannelGroup): Value[] {
  const units = new Set(group.units);
  return graph.nodes
    .flatMap((node) => node.outputs)
    .filter((name) => traced.units.get(name)?.some((unit) => units.has(unit)))
    .map((name) => valueOf(graph, name));
}
