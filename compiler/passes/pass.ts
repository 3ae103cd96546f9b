/** The form of a pass, and the driver that applies a rewrite everywhere until it matches no more. */
import { type Graph, isGraphInput, type Node, type Value, type ValueName } from '../graph.ts';
import { verify } from '../verify.ts';

export interface Pass {
  readonly name: string;
  run(graph: Graph): Graph;
}

export interface Replacement {
  /** What stands in the place of the matched node; may be empty. Values it reads must be computed before that place. */
  readonly nodes: readonly Node[];
  /** New or changed values (constants, and outputs of `nodes`). */
  readonly values?: readonly Value[];
  /** Uses of the first name read the second one instead. */
  readonly rename?: readonly (readonly [ValueName, ValueName])[];
}

/** undefined: no match. */
export type Rewrite = (node: Node, graph: Graph) => Replacement | undefined;

/** Runs the passes in order and verifies the graph after each. */
export function runPasses(graph: Graph, passes: readonly Pass[]): Graph {
  return passes.reduce((current, pass) => verify(removeDeadCode(pass.run(current)), pass.name), graph);
}

/** A pass that applies `rewrite` to each node until nothing matches. */
export function rewritePass(name: string, rewrite: Rewrite): Pass {
  return {
    name,
    run(graph) {
      let current = graph;
      // A rewrite that undoes another would loop forever; each match must make the graph simpler.
      for (let budget = 20 * graph.nodes.length + 1000; ; ) {
        let matched = false;
        for (let i = 0; i < current.nodes.length; i++) {
          const replacement = rewrite(current.nodes[i] as Node, current);
          if (!replacement) continue;
          if (--budget < 0) throw new Error(`pass ${name} does not come to an end`);
          current = applyReplacement(current, i, replacement);
          matched = true;
          i += replacement.nodes.length - 1;
        }
        if (!matched) return current;
        current = removeDeadCode(current);
      }
    },
  };
}

function applyReplacement(graph: Graph, index: number, replacement: Replacement): Graph {
  const values = new Map(graph.values);
  for (const value of replacement.values ?? []) values.set(value.name, value);
  const rename = new Map(replacement.rename ?? []);
  const renamed = (name: ValueName) => rename.get(name) ?? name;
  const rewire = (node: Node): Node =>
    node.inputs.some((input) => rename.has(input)) ? { ...node, inputs: node.inputs.map(renamed) } : node;
  return {
    ...graph,
    values,
    nodes: [...graph.nodes.slice(0, index), ...replacement.nodes, ...graph.nodes.slice(index + 1).map(rewire)],
    outputs: graph.outputs.map((port) => (rename.has(port.value) ? { ...port, value: renamed(port.value) } : port)),
  };
}

/** Drops nodes whose outputs nobody reads, and values nobody mentions. */
export function removeDeadCode(graph: Graph): Graph {
  const used = new Set(graph.outputs.map((port) => port.value));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => used.has(output))) continue;
    for (const input of node.inputs) used.add(input);
    nodes.push(node);
  }
  nodes.reverse();
  const kept = new Set(nodes.flatMap((node) => node.outputs));
  const values = new Map([...graph.values].filter(([name]) => used.has(name) || kept.has(name) || isGraphInput(graph, name)));
  return { ...graph, nodes, values };
}
