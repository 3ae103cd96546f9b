/**
 * Spatial operators between Transposes (as importers leave them) → a graph that stays channels last.
 *
 *     a ← Conv2d x;  b ← Transpose(NHWC to NCHW) a;  c ← Unary(Relu) b;  d ← Transpose(NCHW to NHWC) c;  y ← Conv2d d
 *                                                 ↓
 *     a ← Conv2d x;  c ← Unary(Relu) a;  y ← Conv2d c
 *
 * From each Transpose a region of operators that are indifferent to layout (layout-rules.ts) is grown in both directions
 * and runs on permuted values. The graph is then written again with Transposes only where a value is read in another
 * order than it is computed in, so neighbours merge, opposites cancel and equal ones are shared. A graph input that the
 * region reaches is passed in permuted (Port.permutation). A region is taken when fewer Transposes that move bytes
 * remain, or as many that move fewer bytes, or fewer nodes; so the pass ends, and never adds one. What moves no bytes is a
 * Reshape.
 */
import { byteLength, consumersOf, type Graph, isGraphInput, type Node, producerOf, type ValueName, valueOf } from '../graph.ts';
import { keepsBytes, Transpose, type TransposeAttributes } from '../ops/transpose.ts';
import { isAbsorbed } from './absorb-transpose-into-weights.ts';
import { type KnownLayout, layoutRules, type Relayout } from './layout-rules.ts';
import { type Pass, removeDeadCode } from './pass.ts';
import { inverse, isIdentity, type Permutation, samePermutation } from './permutation.ts';
import { type Region, rewriteLayout } from './rewrite-layout.ts';

type Seed = readonly [ValueName, Permutation];

/** The node's rule applied to a value whose layout is known. */
function relayout(graph: Graph, node: Node, name: ValueName, permutation: Permutation): Relayout | undefined {
  const rule = layoutRules[node.op.name];
  if (!rule) return undefined;
  const shapesOf = (names: readonly ValueName[]) => names.map((value) => valueOf(graph, value).type.shape);
  const side: KnownLayout['side'] = node.outputs.includes(name) ? 'outputs' : 'inputs';
  const index = node[side].indexOf(name);
  return rule(node, { inputs: shapesOf(node.inputs), outputs: shapesOf(node.outputs) }, { side, index, permutation });
}

/** Every operator that can run permuted when the seeds are stored permuted. The first layout that reaches a value stays. */
function growRegion(graph: Graph, seeds: readonly Seed[]): Region {
  const layouts = new Map<ValueName, Permutation>();
  const nodes = new Map<Node, Relayout>();
  const open: ValueName[] = [];
  const joins = (name: ValueName, permutation: Permutation) => {
    const { type, constant } = valueOf(graph, name);
    return constant === undefined && type.shape.length === permutation.length;
  };
  const assign = (name: ValueName, permutation: Permutation) => {
    if (layouts.has(name) || !joins(name, permutation)) return;
    layouts.set(name, permutation);
    open.push(name);
  };
  const fits = (name: ValueName, permutation: Permutation | undefined) => {
    const known = layouts.get(name);
    if (!known) return true;
    return permutation !== undefined && (!joins(name, permutation) || samePermutation(known, permutation));
  };
  for (const [name, permutation] of seeds) assign(name, permutation);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const permutation = layouts.get(name) as Permutation;
    const producer = producerOf(graph, name);
    for (const node of [...(producer ? [producer] : []), ...consumersOf(graph, name)]) {
      if (nodes.has(node) || node.op === Transpose) continue;
      const permuted = relayout(graph, node, name, permutation);
      if (!permuted) continue;
      const { inputs, outputs } = permuted;
      if (!node.inputs.every((input, i) => fits(input, inputs[i])) || !node.outputs.every((output, i) => fits(output, outputs[i])))
        continue;
      nodes.set(node, permuted);
      node.outputs.forEach((output, i) => assign(output, outputs[i] as Permutation));
      node.inputs.forEach((input, i) => {
        if (inputs[i]) assign(input, inputs[i]);
      });
    }
  }
  const inputs = new Map([...layouts].filter(([name]) => isGraphInput(graph, name)));
  return { nodes, inputs };
}

/** What a graph's layout costs: Transposes that move bytes, the bytes they move, and (for the Reshapes among them) nodes. */
function costOf(graph: Graph): readonly number[] {
  const moving = graph.nodes.filter((node) => {
    if (node.op !== Transpose) return false;
    return !keepsBytes(valueOf(graph, node.inputs[0] as ValueName).type.shape, node.attributes.permutation) && !isAbsorbed(graph, node);
  });
  const bytes = moving.reduce((sum, node) => sum + byteLength(valueOf(graph, node.inputs[0] as ValueName).type), 0);
  return [moving.length, bytes, graph.nodes.length];
}

/** Whether the first difference is in favour of `a`. */
function isCheaper(a: Graph, b: Graph): boolean {
  const [costA, costB] = [costOf(a), costOf(b)];
  const first = costA.findIndex((cost, i) => cost !== costB[i]);
  return first >= 0 && (costA[first] as number) < (costB[first] as number);
}

/** The Transpose's output stored like its input, or its input like its output. */
function seedsOf(node: Node<TransposeAttributes>): Seed[] {
  const { permutation } = node.attributes;
  return [
    [node.outputs[0] as ValueName, inverse(permutation)],
    [node.inputs[0] as ValueName, permutation],
  ];
}

/** `graph` with its regions permuted, all at once or else one of them, when that is cheaper than `best`. */
function improve(graph: Graph, best: Graph): Graph | undefined {
  const transposes: Node<TransposeAttributes>[] = graph.nodes.filter(
    (node) => node.op === Transpose && !isIdentity(node.attributes.permutation),
  );
  if (transposes.length === 0) return undefined;
  const sinking = transposes.map((node) => seedsOf(node)[0] as Seed);
  const hoisting = transposes.filter((node) => isGraphInput(graph, node.inputs[0] as ValueName)).map((node) => seedsOf(node)[1] as Seed);
  const alone = transposes.length > 1 ? transposes.flatMap((node) => seedsOf(node).map((seed) => [seed])) : [];
  for (const seeds of [[...hoisting, ...sinking], ...alone]) {
    const region = growRegion(graph, seeds);
    if (region.nodes.size === 0 && region.inputs.size === 0) continue;
    const candidate = removeDeadCode(rewriteLayout(graph, region));
    if (isCheaper(candidate, best)) return candidate;
  }
  return undefined;
}

export const convertToChannelsLast: Pass = {
  name: 'convert-to-channels-last',
  run(graph) {
    let best = removeDeadCode(rewriteLayout(graph, { nodes: new Map(), inputs: new Map() }));
    // The first time with the Transposes that move no bytes: later they are Reshapes, and no longer say where regions begin.
    for (let next = improve(graph, best); next; next = improve(best, best)) best = next;
    return best;
  },
};
