/** What must hold of every graph after every pass. */
import { InvalidGraphError } from './errors.ts';
import { elementCount, type Graph, type TensorType, valueOf } from './graph.ts';

function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]);
}

function show(type: TensorType): string {
  return `${type.dtype} [${type.shape.join(', ')}]`;
}

/**
 * Every name is defined once and before its use, every type is what its operator infers, every constant fills its shape.
 * @throws InvalidGraphError that names `after`, the pass that made the graph.
 */
export function verify(graph: Graph, after: string): Graph {
  const fail = (message: string): never => {
    throw new InvalidGraphError(`after ${after}: ${message}`);
  };
  const defined = new Set<string>();
  for (const [name, value] of graph.values) {
    if (value.name !== name) fail(`value "${value.name}" is stored as "${name}"`);
    if (!value.constant) continue;
    const count = elementCount(value.type.shape);
    if (value.constant.length !== count)
      fail(`constant "${name}" ${show(value.type)} holds ${value.constant.length} elements, expected ${count}`);
    defined.add(name);
  }
  for (const port of graph.inputs) {
    if (!graph.values.has(port.value)) fail(`input "${port.name}" has no value "${port.value}"`);
    defined.add(port.value);
  }
  const nodeNames = new Set<string>();
  for (const node of graph.nodes) {
    if (nodeNames.has(node.name)) fail(`two nodes are named "${node.name}"`);
    nodeNames.add(node.name);
    for (const input of node.inputs) {
      if (!defined.has(input)) fail(`${node.op.name} "${node.name}" reads "${input}" before it is computed`);
    }
    let inferred: readonly TensorType[] = [];
    try {
      inferred = node.op.infer(
        node.inputs.map((name) => valueOf(graph, name).type),
        node.attributes,
      );
    } catch (error) {
      fail(`${node.op.name} "${node.name}": ${(error as Error).message}`);
    }
    if (inferred.length !== node.outputs.length)
      fail(`${node.op.name} "${node.name}" has ${node.outputs.length} outputs, expected ${inferred.length}`);
    node.outputs.forEach((name, i) => {
      if (defined.has(name)) fail(`"${name}" is computed twice, the second time by "${node.name}"`);
      const type = graph.values.get(name)?.type;
      const expected = inferred[i] as TensorType;
      if (!type || !sameType(type, expected))
        fail(`output "${name}" of ${node.op.name} "${node.name}" is ${type ? show(type) : 'undefined'}, expected ${show(expected)}`);
      defined.add(name);
    });
  }
  for (const port of graph.outputs) {
    if (!defined.has(port.value)) fail(`output "${port.name}" is never computed`);
  }
  return graph;
}
