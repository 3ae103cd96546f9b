/**
 * Scale and zero point of every float32 value. Operators that only move numbers share one pair across their operands
 * (union-find), so that they need no arithmetic; where two fixed pairs meet, the quantizer puts a Requantize on that edge.
 */
import { type Graph, type Node, type Quantization, type TypedArray, type ValueName, valueOf } from '../graph.ts';
import { asymmetricQuantization, representableRange, sameQuantization } from './affine.ts';
import { clampRange, type Range, uniteRanges } from './range.ts';

interface Group {
  /** Given by the model (QDQ) or by an operator's rule; wins over the range. */
  readonly pinned?: Quantization;
  /** What the only function in the group is known to need; gives way to a range that it does not hold. */
  readonly preferred?: Quantization;
  readonly range?: Range;
}

export function isFloatValue(graph: Graph, name: ValueName): boolean {
  return valueOf(graph, name).type.dtype === 'float32';
}

/** The operands of a same-as-input node that share the output's parameters. */
export function sharedInputs(graph: Graph, node: Node): ValueName[] {
  const rule = node.op.quantize;
  const indices = rule.kind === 'same-as-input' ? rule.inputs : [];
  const names = indices ? indices.map((i) => node.inputs[i] as ValueName) : node.inputs;
  return names.filter((name) => name !== undefined && isFloatValue(graph, name));
}

/** What the node's rule fixes for its output. */
export function fixedOutput(node: Node): Quantization | undefined {
  return node.op.quantize.kind === 'fixed' ? node.op.quantize.output(node.attributes) : undefined;
}

/** Parameters that the rule knows to hold the output, whatever calibration sees; the operator could write others. */
export function knownOutput(node: Node): Quantization | undefined {
  return node.op.quantize.kind === 'observed' ? node.op.quantize.known?.(node.attributes) : undefined;
}

/** The outputs of a same-as-input node that share its inputs' parameters. */
export function sharedOutputs(graph: Graph, node: Node): ValueName[] {
  return node.outputs.filter((name) => isFloatValue(graph, name));
}

export function rangeOfData(data: TypedArray): Range {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const x of data) {
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return { min, max };
}

/** The ranges that calibration saw, those inside a fused clamp, and for operators that only move numbers those of their inputs. */
export function completeRanges(graph: Graph, observed: ReadonlyMap<ValueName, Range>): Map<ValueName, Range> {
  const ranges = new Map(observed);
  for (const value of graph.values.values()) {
    if (value.constant?.length && value.type.dtype === 'float32') ranges.set(value.name, rangeOfData(value.constant));
  }
  for (const node of graph.nodes) {
    const known = knownOutput(node);
    if (known) ranges.set(node.outputs[0] as ValueName, representableRange(known));
    const clamp: readonly [number, number] | undefined = node.attributes?.clamp;
    for (const output of node.outputs) {
      const range = ranges.get(output);
      if (range && clamp) ranges.set(output, clampRange(range, clamp));
      if (range || node.op.quantize.kind !== 'same-as-input') continue;
      const inputs = sharedInputs(graph, node).map((name) => ranges.get(name));
      if (inputs.length && inputs.every((input) => input !== undefined)) ranges.set(output, inputs.reduce(uniteRanges));
    }
  }
  return ranges;
}

/** Whether the parameters hold the range, to half a step. */
function holds(quantization: Quantization, range: Range): boolean {
  const { min, max } = representableRange(quantization);
  const slack = (quantization.scale[0] as number) / 2 + 1e-6 * (max - min);
  // A function with values up to 1 is stored as [0, 255/256]: its very end is clipped by one step on purpose.
  return range.min >= min - slack && range.max <= max + 2 * slack;
}

/** The preference of one side, when the other has none or the same and its range fits. */
function commonPreference(a: Group, b: Group): Quantization | undefined {
  if (a.preferred && b.preferred) return sameQuantization(a.preferred, b.preferred) ? a.preferred : undefined;
  const preferred = a.preferred ?? b.preferred;
  const free = a.preferred ? b : a;
  return preferred && free.range && holds(preferred, free.range) ? preferred : undefined;
}

/** undefined when the two cannot share parameters. */
function uniteGroups(a: Group, b: Group): Group | undefined {
  if (a.pinned && b.pinned) return sameQuantization(a.pinned, b.pinned) ? a : undefined;
  const range = a.range && b.range ? uniteRanges(a.range, b.range) : (a.range ?? b.range);
  const pinned = a.pinned ?? b.pinned;
  const free = a.pinned ? b : a;
  if (pinned && free.range && !holds(pinned, free.range)) return undefined;
  const preferred = commonPreference(a, b);
  return { ...(pinned && { pinned }), ...(preferred && { preferred }), ...(range && { range }) };
}

/**
 * Parameters by value name. Values without a range and without given parameters have none.
 * @param isInteger whether the node will run on int8: only those tie their operands together.
 */
export function chooseParameters(
  graph: Graph,
  observed: ReadonlyMap<ValueName, Range>,
  isInteger: (node: Node) => boolean,
): Map<ValueName, Quantization> {
  const ranges = completeRanges(graph, observed);
  const parents = new Map<ValueName, ValueName>();
  const groups = new Map<ValueName, Group>();
  const find = (name: ValueName): ValueName => {
    const parent = parents.get(name);
    if (parent === undefined) return name;
    const root = find(parent);
    parents.set(name, root);
    return root;
  };
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  for (const { name, type } of graph.values.values()) {
    if (type.dtype !== 'float32') continue;
    const producer = producers.get(name);
    const pinned = type.quantization ?? (producer && fixedOutput(producer));
    const preferred = producer && knownOutput(producer);
    const range = ranges.get(name);
    groups.set(name, { ...(pinned && { pinned }), ...(preferred && { preferred }), ...(range && { range }) });
  }
  for (const node of graph.nodes) {
    if (node.op.quantize.kind !== 'same-as-input' || !isInteger(node)) continue;
    const shared = [...sharedOutputs(graph, node), ...sharedInputs(graph, node)].filter((name) => !valueOf(graph, name).constant);
    for (const name of shared.slice(1)) {
      const a = find(shared[0] as ValueName);
      const b = find(name);
      const united = a === b ? undefined : uniteGroups(groups.get(a) as Group, groups.get(b) as Group);
      if (!united) continue;
      parents.set(b, a);
      groups.set(a, united);
    }
  }
  const parameters = new Map<ValueName, Quantization>();
  for (const name of groups.keys()) {
    const { pinned, preferred, range } = groups.get(find(name)) as Group;
    const quantization = pinned ?? preferred ?? (range && asymmetricQuantization(range));
    if (quantization) parameters.set(name, quantization);
  }
  return parameters;
}
