/**
 * How operators run on permuted operands. An operator with a rule is indifferent to layout: given how one of its values
 * is permuted, the rule says how its other values must be and what becomes of its attributes. An operator without one
 * (a convolution, a MatMul) fixes its layout.
 */
import type { Node } from '../graph.ts';
import { areNeighbours } from '../ops/reduce.ts';
import { identityPermutation, type Permutation, permute } from './permutation.ts';

/** The node on permuted operands: value i is read or written as Transpose(permutation i) of itself. */
export interface Relayout {
  /** undefined: read as it is. An operand of lower rank than its permutation is first given leading ones. */
  readonly inputs: readonly (Permutation | undefined)[];
  readonly outputs: readonly Permutation[];
  readonly attributes: unknown;
}

/** The value of the node whose layout is known. */
export interface KnownLayout {
  readonly side: 'inputs' | 'outputs';
  readonly index: number;
  readonly permutation: Permutation;
}

export interface NodeShapes {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/** undefined: the node cannot run on this layout. */
export type LayoutRule = (node: Node, shapes: NodeShapes, known: KnownLayout) => Relayout | undefined;

// biome-ignore lint/suspicious/noExplicitAny: rules stand in one list for operators of every attribute type
type Attributes = any;

/** Every value of the node takes the same permutation; `remap` rewrites the attributes. */
function uniform(
  remap: (attributes: Attributes, permutation: Permutation) => unknown | undefined = (attributes) => attributes,
): LayoutRule {
  return (node, shapes, { permutation }) => {
    const rank = permutation.length;
    if (shapes.outputs.some((shape) => shape.length !== rank)) return undefined;
    const attributes = remap(node.attributes, permutation);
    if (attributes === undefined) return undefined;
    // A single number broadcasts along any axis.
    const isNumber = (shape: readonly number[]) => shape.length < rank && shape.every((extent) => extent === 1);
    return {
      inputs: shapes.inputs.map((shape) => (isNumber(shape) ? undefined : permutation)),
      outputs: shapes.outputs.map(() => permutation),
      attributes,
    };
  };
}

/** As `uniform`, for operators whose inputs from index 1 on are not laid out like the data (indices, weights of the last axis). */
function uniformData(remap: (attributes: Attributes, permutation: Permutation) => unknown | undefined): LayoutRule {
  return (node, shapes, known) => {
    if (known.side === 'inputs' && known.index > 0) return undefined;
    const relayout = uniform(remap)(node, shapes, known);
    return relayout && { ...relayout, inputs: relayout.inputs.map((permutation, i) => (i === 0 ? permutation : undefined)) };
  };
}

const remapAxis = (attributes: Attributes, permutation: Permutation) => ({ ...attributes, axis: permutation.indexOf(attributes.axis) });

/** The operator works along the last axis, which must stay the last. */
const lastAxis = uniformData((attributes, permutation) => (permutation.at(-1) === permutation.length - 1 ? attributes : undefined));

/** The operator works along the axes from `axis` on, which must stay where they are. */
const lastAxes = uniformData((attributes, permutation) =>
  permutation.slice(attributes.axis).every((axis, i) => axis === attributes.axis + i) ? attributes : undefined,
);

/**
 * Axes of `from` and of `to` that hold the same elements, when a Reshape only splits and merges neighbouring axes:
 * [N, C, H, W] → [N, G, C/G, H, W] gives N|N, C|G C/G, H|H, W|W.
 */
function sharedGroups(from: readonly number[], to: readonly number[]): { from: number[]; to: number[] }[] {
  const groups: { from: number[]; to: number[] }[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length && j < to.length) {
    const group = { from: [i], to: [j] };
    let a = from[i++] as number;
    let b = to[j++] as number;
    while (a !== b) {
      if (a < b) {
        group.from.push(i);
        a *= from[i++] as number;
      } else {
        group.to.push(j);
        b *= to[j++] as number;
      }
    }
    groups.push(group);
  }
  // What is left over has extent 1 and belongs to the last group.
  const last = groups.at(-1);
  for (; i < from.length; i++) last?.from.push(i);
  for (; j < to.length; j++) last?.to.push(j);
  return groups;
}

/** Reshape(Transpose(p) x) = Transpose(q) Reshape(x), when p moves only whole groups of axes. */
const reshape: LayoutRule = (_node, shapes, { side, permutation }) => {
  const x = shapes.inputs[0] as readonly number[];
  const y = shapes.outputs[0] as readonly number[];
  const [known, other] = side === 'inputs' ? [x, y] : [y, x];
  if (known.length === 0 || other.length === 0 || known.includes(0)) return undefined;
  const groups = sharedGroups(known, other);
  // Neighbours in the permuted order that belong to one group must be neighbours, in order, in the group.
  const moving = permutation.filter((axis) => known[axis] !== 1);
  const order: number[] = [];
  for (let at = 0; at < moving.length; ) {
    const index = groups.findIndex((group) => group.from.includes(moving[at] as number));
    const axes = (groups[index] as { from: number[] }).from.filter((axis) => known[axis] !== 1);
    if (axes.some((axis, i) => axis !== moving[at + i])) return undefined;
    order.push(index);
    at += axes.length;
  }
  // Groups of extent 1 move nothing; they stay where they are among the others.
  groups.forEach((group, index) => {
    if (!order.includes(index)) order.splice(Math.min(permutation.indexOf(group.from[0] as number), order.length), 0, index);
  });
  const result = order.flatMap((index) => (groups[index] as { to: number[] }).to);
  const [input, output] = side === 'inputs' ? [permutation, result] : [result, permutation];
  return { inputs: [input], outputs: [output], attributes: { shape: permute(y, output) } };
};

/** The operator drops some axes of its first operand from the permutation, or keeps them with extent 1. */
function dropping(
  axesOf: (attributes: Attributes) => readonly number[],
  remap: (attributes: Attributes, permutation: Permutation) => unknown,
) {
  const rule: LayoutRule = (node, shapes, known) => {
    const [x, y] = [shapes.inputs[0], shapes.outputs[0]] as [readonly number[], readonly number[]];
    if (x.length === y.length) return uniformData(remap)(node, shapes, known);
    const axes = axesOf(node.attributes);
    if (known.side === 'outputs' || known.index > 0 || y.length !== x.length - axes.length) return undefined;
    const { permutation } = known;
    const kept = identityPermutation(permutation.length).filter((axis) => !axes.includes(axis));
    const output = permutation.filter((axis) => !axes.includes(axis)).map((axis) => kept.indexOf(axis));
    const inputs = shapes.inputs.map((_, i) => (i === 0 ? permutation : undefined));
    return { inputs, outputs: [output], attributes: remap(node.attributes, permutation) };
  };
  return rule;
}

const remapAxes = (attributes: Attributes, permutation: Permutation) => ({
  ...attributes,
  axes: attributes.axes.map((axis: number) => permutation.indexOf(axis)).sort((a: number, b: number) => a - b),
});

const dropsAxes = dropping((attributes) => attributes.axes, remapAxes);

/** The kernel reduces neighbouring axes in one call; a layout that parts them is not for it. */
const reduce: LayoutRule = (node, shapes, known) => {
  const relayout = dropsAxes(node, shapes, known);
  const [permutation] = relayout?.inputs ?? [];
  const { axes } = (relayout?.attributes ?? { axes: [] }) as { axes: readonly number[] };
  return permutation && areNeighbours(permute(shapes.inputs[0] as readonly number[], permutation), axes) ? relayout : undefined;
};

const dropsAxis = dropping((attributes) => [attributes.axis], remapAxis);

/** Attributes that are lists with one entry per axis take the order of the axes. */
function remapLists(...names: readonly string[]) {
  return (attributes: Attributes, permutation: Permutation) => ({
    ...attributes,
    ...Object.fromEntries(names.map((name) => [name, permute(attributes[name], permutation)])),
  });
}

const elementwise = uniform();

/** Operator name → its rule. */
export const layoutRules: Readonly<Record<string, LayoutRule>> = {
  Add: elementwise,
  ArgMax: dropsAxis,
  Cast: elementwise,
  Concat: uniform(remapAxis),
  Dense: lastAxis,
  Dequantize: elementwise,
  Div: elementwise,
  Expand: uniform(remapLists('shape')),
  Gather: dropsAxis,
  LayerNorm: lastAxes,
  LogSoftmax: uniform(remapAxis),
  Max: elementwise,
  Min: elementwise,
  Mul: elementwise,
  Pad: uniform(remapLists('before', 'after')),
  Pow: elementwise,
  PRelu: elementwise,
  Quantize: elementwise,
  Reduce: reduce,
  ReduceExtreme: reduce,
  Requantize: elementwise,
  Reshape: reshape,
  Slice: uniform(remapLists('starts', 'steps', 'shape')),
  Softmax: uniform(remapAxis),
  Sub: elementwise,
  Tile: uniform(remapLists('repeats')),
  Unary: elementwise,
};
