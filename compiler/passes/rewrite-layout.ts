/** Writes a graph again with some operators on permuted values, and with no more Transposes than that needs. */
import {
  freshName,
  type Graph,
  type Node,
  type Port,
  type Quantization,
  type Tensor,
  type TensorType,
  type Value,
  type ValueName,
  valueOf,
} from '../graph.ts';
import { Reshape } from '../ops/reshape.ts';
import { keepsBytes, Transpose } from '../ops/transpose.ts';
import type { Relayout } from './layout-rules.ts';
import { compose, identityPermutation, inverse, isIdentity, type Permutation, permute } from './permutation.ts';

export interface Region {
  readonly nodes: ReadonlyMap<Node, Relayout>;
  /** Graph inputs that are passed in permuted. */
  readonly inputs: ReadonlyMap<ValueName, Permutation>;
}

/** Where a value of the old graph is found: it is Transpose(permutation) of `source`. */
interface Location {
  readonly source: ValueName;
  readonly permutation: Permutation;
}

function permuteQuantization(quantization: Quantization, permutation: Permutation): Quantization {
  return quantization.axis === undefined ? quantization : { ...quantization, axis: permutation.indexOf(quantization.axis) };
}

function permuteType(type: TensorType, permutation: Permutation): TensorType {
  const { quantization } = type;
  return {
    ...type,
    shape: permute(type.shape, permutation),
    ...(quantization && { quantization: permuteQuantization(quantization, permutation) }),
  };
}

class LayoutWriter {
  readonly values: Map<ValueName, Value>;
  readonly nodes: Node[] = [];
  private readonly locations = new Map<ValueName, Location>();
  private readonly written = new Map<string, ValueName>();
  private readonly defined = new Set<ValueName>();
  private readonly nodeNames: Set<string>;

  constructor(private readonly graph: Graph) {
    this.values = new Map(graph.values);
    this.nodeNames = new Set(graph.nodes.map((node) => node.name));
    for (const port of graph.inputs) this.defined.add(port.value);
  }

  /** From here on the value is stored as Transpose(permutation) of itself. */
  store(name: ValueName, permutation: Permutation): void {
    const value = this.values.get(name) as Value;
    this.values.set(name, { ...value, type: permuteType(value.type, permutation) });
    this.locations.set(name, { source: name, permutation: inverse(permutation) });
  }

  /** The Transpose becomes part of where its output is found. */
  locate(output: ValueName, input: ValueName, permutation: Permutation): void {
    const { source, permutation: before } = this.locationOf(input);
    this.locations.set(output, { source, permutation: compose(before, permutation) });
    // What the model demands of the output holds for the same numbers in another order.
    const demand = valueOf(this.graph, output).type.quantization;
    const value = this.values.get(source) as Value;
    if (demand && !value.type.quantization) this.values.set(source, { ...value, type: { ...value.type, quantization: demand } });
  }

  /** The name that holds Transpose(permutation) of the old value, computed now if it is not yet. */
  read(name: ValueName, permutation: Permutation): ValueName {
    const { source, permutation: before } = this.locationOf(name);
    const total = compose(before, permutation);
    if (isIdentity(total)) return source;
    const key = `${source}|${total}`;
    const known = this.written.get(key);
    if (known) return known;
    const { type, constant } = this.values.get(source) as Value;
    const output = isIdentity(permutation) && !this.defined.has(name) ? name : freshName(this, `${source}.transposed`);
    this.values.set(output, { name: output, type: permuteType(type, total) });
    this.written.set(key, output);
    this.defined.add(output);
    if (constant) {
      const [transposed] = Transpose.evaluate([{ type, data: constant }], { permutation: total }) as [Tensor];
      this.values.set(output, { name: output, type: permuteType(type, total), constant: transposed.data });
    } else if (keepsBytes(type.shape, total)) {
      this.emit(
        { op: Reshape, inputs: [source], outputs: [output], attributes: { shape: permute(type.shape, total) } },
        `${output}.Reshape`,
      );
    } else {
      this.emit({ op: Transpose, inputs: [source], outputs: [output], attributes: { permutation: total } }, `${output}.Transpose`);
    }
    return output;
  }

  /** The operand as an input of rank `permutation.length`. */
  private readPermuted(name: ValueName, permutation: Permutation): ValueName {
    const { type, constant } = valueOf(this.graph, name);
    const missing = permutation.length - type.shape.length;
    if (missing === 0) return this.read(name, permutation);
    const shape = [...new Array<number>(missing).fill(1), ...type.shape];
    const raised = freshName(this, `${name}.raised`);
    this.values.set(raised, { name: raised, type: { ...type, shape }, ...(constant && { constant }) });
    if (!constant) this.emit({ op: Reshape, inputs: [this.readNatural(name)], outputs: [raised], attributes: { shape } }, raised);
    this.locations.set(raised, { source: raised, permutation: identityPermutation(shape.length) });
    return this.read(raised, permutation);
  }

  readNatural(name: ValueName): ValueName {
    return this.read(name, identityPermutation(valueOf(this.graph, name).type.shape.length));
  }

  writeNode(node: Node, relayout: Relayout | undefined): void {
    const inputs = node.inputs.map((name, i) => {
      const permutation = relayout?.inputs[i];
      return permutation ? this.readPermuted(name, permutation) : this.readNatural(name);
    });
    for (const output of node.outputs) this.defined.add(output);
    this.nodes.push(relayout ? { ...node, inputs, attributes: relayout.attributes } : { ...node, inputs });
    if (relayout) node.outputs.forEach((output, i) => this.store(output, relayout.outputs[i] as Permutation));
  }

  private locationOf(name: ValueName): Location {
    const rank = (this.values.get(name) as Value).type.shape.length;
    return this.locations.get(name) ?? { source: name, permutation: identityPermutation(rank) };
  }

  private emit(node: Omit<Node, 'name'>, base: string): void {
    let name = base;
    for (let i = 1; this.nodeNames.has(name); i++) name = `${base}.${i}`;
    this.nodeNames.add(name);
    this.nodes.push({ ...node, name });
  }
}

/** The same graph with the nodes of the region on permuted values; Transposes are written where a value is read in another order. */
export function rewriteLayout(graph: Graph, region: Region): Graph {
  const writer = new LayoutWriter(graph);
  const inputs = graph.inputs.map((port): Port => {
    const permutation = region.inputs.get(port.value);
    if (!permutation) return port;
    writer.store(port.value, permutation);
    const { permutation: before, ...rest } = port;
    const total = before ? compose(before, permutation) : permutation;
    return isIdentity(total) ? rest : { ...rest, permutation: total };
  });
  for (const node of graph.nodes) {
    if (node.op === Transpose) writer.locate(node.outputs[0] as ValueName, node.inputs[0] as ValueName, node.attributes.permutation);
    else writer.writeNode(node, region.nodes.get(node));
  }
  const outputs = graph.outputs.map((port) => ({ ...port, value: writer.readNatural(port.value) }));
  return { ...graph, inputs, outputs, nodes: writer.nodes, values: writer.values };
}
