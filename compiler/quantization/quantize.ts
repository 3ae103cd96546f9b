/** Float graph + ranges → int8 graph: every node by its operator's rule, float32 islands between Dequantize and Quantize. */
import { UsageError } from '../errors.ts';
import {
  consumersOf,
  freshName,
  type Graph,
  type Node,
  type Quantization,
  type TensorType,
  type Value,
  type ValueName,
  valueOf,
} from '../graph.ts';
import { Dequantize } from '../ops/dequantize.ts';
import { Quantize } from '../ops/quantize.ts';
import { Requantize } from '../ops/requantize.ts';
import { removeDeadCode } from '../passes/pass.ts';
import { verify } from '../verify.ts';
import { asymmetricQuantization, quantizeArray, sameQuantization } from './affine.ts';
import { type FloatIsland, type Islands, initialIslands, joinIslands, missingParameters, touchesFloat } from './islands.ts';
import { chooseParameters, fixedOutput, isFloatValue, rangeOfData, sharedInputs, sharedOutputs } from './parameters.ts';
import type { Range } from './range.ts';
import type { WeightBits } from './weight-bits.ts';
import { quantizeLayer } from './weights.ts';

export interface QuantizeOptions {
  /** Node (or output) names that stay float32. */
  readonly keepFloat?: readonly string[];
  /** Further nodes that stay float32, by name, and why. */
  readonly islands?: ReadonlyMap<string, string>;
  /** By node name; default: 8. */
  readonly weightBits?: ReadonlyMap<string, WeightBits>;
}

export interface QuantizedGraph {
  readonly graph: Graph;
  readonly islands: readonly FloatIsland[];
}

function checkNames(graph: Graph, keepFloat: readonly string[]): Set<string> {
  const known = new Set(graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  for (const name of keepFloat) {
    if (known.has(name)) continue;
    const examples = graph.nodes.slice(0, 3).map((node) => `"${node.name}"`);
    throw new UsageError(
      `--keep-float ${name}: the model has no such node; its nodes are ${examples.join(', ')}, … (whittle inspect lists them)`,
    );
  }
  return new Set(keepFloat);
}

/**
 * Quantizes a graph. Values that carry demanded parameters (QDQ models) get exactly those; others need a range.
 * @param ranges by value name, from calibration
 * @throws UsageError when `keepFloat` names a node that does not exist.
 */
export function quantizeGraph(graph: Graph, ranges: ReadonlyMap<ValueName, Range>, options: QuantizeOptions = {}): QuantizedGraph {
  const islands = initialIslands(graph, checkNames(graph, options.keepFloat ?? []), options.islands);
  // A node that fails drags no other one along but changes which operands share parameters: start again with it set apart.
  for (;;) {
    joinIslands(graph, islands);
    const parameters = chooseParameters(graph, ranges, (node) => !islands.has(node));
    const attempt = new Quantizer(graph, parameters, islands, options.weightBits);
    const problems = attempt.run();
    if (problems.size === 0) {
      const quantized = verify(removeDeadCode(attempt.build()), 'quantize');
      return {
        graph: quantized,
        islands: [...islands].map(([node, reason]) => ({ node: node.name, operator: node.op.name, reason })),
      };
    }
    for (const [node, reason] of problems) islands.set(node, reason);
  }
}

/** One attempt: the graph that is being written. */
class Quantizer {
  private readonly values = new Map<ValueName, Value>();
  private readonly nodes: Node[] = [];
  private readonly converted = new Map<string, ValueName>();
  private readonly problems = new Map<Node, string>();

  constructor(
    private readonly source: Graph,
    private readonly parameters: ReadonlyMap<ValueName, Quantization>,
    private readonly islands: Islands,
    private readonly weightBits: QuantizeOptions['weightBits'],
  ) {}

  /** @returns the nodes that cannot be integer, and why; the graph is usable when there are none. */
  run(): ReadonlyMap<Node, string> {
    for (const value of this.source.values.values()) if (value.constant) this.values.set(value.name, value);
    for (const { value } of this.source.inputs) this.define(value, this.inputQuantization(value));
    for (const node of this.source.nodes) {
      if (!touchesFloat(this.source, node)) this.copy(node, node.inputs);
      else if (this.islands.has(node)) this.addFloat(node);
      else this.addInteger(node);
    }
    return this.problems;
  }

  build(): Graph {
    return { ...this.source, nodes: this.nodes, values: this.values };
  }

  /** An input is an int8 port when everything that reads it is integer. */
  private inputQuantization(name: ValueName): Quantization | undefined {
    const consumers = consumersOf(this.source, name);
    if (!isFloatValue(this.source, name) || consumers.length === 0) return undefined;
    return consumers.some((node) => this.islands.has(node)) ? undefined : this.parameters.get(name);
  }

  private define(name: ValueName, quantization?: Quantization): void {
    const { type } = valueOf(this.source, name);
    const { shape } = type;
    const stored: TensorType = quantization
      ? { dtype: 'int8', shape, quantization }
      : type.dtype === 'float32'
        ? { dtype: 'float32', shape }
        : type;
    this.values.set(name, { name, type: stored });
  }

  private copy(node: Node, inputs: readonly ValueName[]): void {
    for (const output of node.outputs) this.define(output);
    this.nodes.push({ ...node, inputs });
  }

  private addFloat(node: Node): void {
    const inputs = node.inputs.map((name) => (isFloatValue(this.source, name) ? this.readFloat(name) : name));
    this.copy(node, inputs);
  }

  private addInteger(node: Node): void {
    const reason = missingParameters(this.source, node, this.parameters) ?? this.writeInteger(node);
    if (reason === undefined) return;
    this.problems.set(node, reason);
    // The nodes behind are judged too, as if this one had worked.
    for (const output of node.outputs) this.define(output, this.parameters.get(output));
  }

  /** Writes the node with int8 operands; @returns why that is impossible, or undefined. */
  private writeInteger(node: Node): string | undefined {
    const { kind } = node.op.quantize;
    if (kind === 'accumulate') return this.writeLayer(node);
    const shared = kind === 'same-as-input' ? sharedInputs(this.source, node) : [];
    const [output] = sharedOutputs(this.source, node);
    const inputs = node.inputs.map((name) => {
      if (shared.includes(name)) return this.readInt8(name, output === undefined ? undefined : this.parameters.get(output));
      return isFloatValue(this.source, name) && kind !== 'same-as-input' ? this.readInt8(name) : name;
    });
    return this.writeIntegerNode(node, inputs);
  }

  private writeLayer(node: Node): string | undefined {
    const x = this.readInt8(node.inputs[0] as ValueName);
    const input = this.values.get(x)?.type.quantization as Quantization;
    const output = this.parameters.get(node.outputs[0] as ValueName) as Quantization;
    const layer = quantizeLayer(this.source, node, input, output, this.weightBits?.get(node.name));
    if ('reason' in layer) return layer.reason;
    return this.writeIntegerNode(node, [x, this.addConstant(layer.weights), this.addConstant(layer.bias), ...node.inputs.slice(3)]);
  }

  /** Adds the node with int8 outputs; where the operator fixes other parameters than the model demands, a Requantize follows. */
  private writeIntegerNode(node: Node, inputs: readonly ValueName[]): string | undefined {
    const fixed = fixedOutput(node);
    const requantized: [ValueName, ValueName, Quantization][] = [];
    const outputs = node.outputs.map((name) => {
      const wanted = this.parameters.get(name);
      if (!wanted || !fixed || sameQuantization(fixed, wanted)) {
        this.define(name, isFloatValue(this.source, name) ? wanted : undefined);
        return name;
      }
      const own = freshName(this.taken(), `${name}.fixed`);
      this.values.set(own, { name: own, type: { dtype: 'int8', shape: valueOf(this.source, name).type.shape, quantization: fixed } });
      requantized.push([own, name, wanted]);
      return own;
    });
    const integer: Node = { ...node, inputs, outputs };
    if (!this.hasKernel(integer)) return 'there is no int8 kernel for these shapes and scales';
    this.nodes.push(integer);
    for (const [from, to, quantization] of requantized) this.addQuantize(from, to, quantization);
    return undefined;
  }

  private hasKernel(node: Node): boolean {
    const valueNamed = (name: ValueName) => this.values.get(name) as Value;
    return node.op.kernel?.(node, { inputs: node.inputs.map(valueNamed), outputs: node.outputs.map(valueNamed) }) !== undefined;
  }

  /** The value as float32. */
  private readFloat(name: ValueName): ValueName {
    const { type } = this.values.get(name) as Value;
    if (type.dtype === 'float32') return name;
    return this.convert(`${name}.float32`, (to) => this.addDequantize(name, to));
  }

  /** The value as int8, with the wanted parameters or else the ones it has. */
  private readInt8(name: ValueName, wanted?: Quantization): ValueName {
    const { type, constant } = this.values.get(name) as Value;
    if (constant) return this.readConstant(name, wanted ?? type.quantization ?? asymmetricQuantization(rangeOfData(constant)));
    const quantization = wanted ?? type.quantization ?? (this.parameters.get(name) as Quantization);
    if (type.quantization && sameQuantization(type.quantization, quantization)) return name;
    const key = `${name}.int8 ${quantization.scale[0]} ${quantization.zeroPoint}`;
    return this.convert(key, (to) => this.addQuantize(name, to, quantization), `${name}.int8`);
  }

  private readConstant(name: ValueName, quantization: Quantization): ValueName {
    const { type, constant } = valueOf(this.source, name);
    return this.convert(
      `${name}.int8 ${quantization.scale[0]} ${quantization.zeroPoint}`,
      (to) => {
        const data = quantizeArray(constant as Float32Array, type.shape, quantization);
        this.values.set(to, { name: to, type: { dtype: 'int8', shape: type.shape, quantization }, constant: data });
      },
      `${name}.int8`,
    );
  }

  /** Writes each conversion once. */
  private convert(key: string, write: (to: ValueName) => void, base = key): ValueName {
    let to = this.converted.get(key);
    if (to === undefined) {
      to = freshName(this.taken(), base);
      this.converted.set(key, to);
      write(to);
    }
    return to;
  }

  private addDequantize(from: ValueName, to: ValueName): void {
    const { shape, quantization } = (this.values.get(from) as Value).type;
    this.values.set(to, { name: to, type: { dtype: 'float32', shape } });
    this.nodes.push({ name: `${to}.Dequantize`, op: Dequantize, inputs: [from], outputs: [to], attributes: { quantization } });
  }

  /** From float32 or from other int8 parameters. */
  private addQuantize(from: ValueName, to: ValueName, quantization: Quantization): void {
    const { shape, dtype } = (this.values.get(from) as Value).type;
    this.values.set(to, { name: to, type: { dtype: 'int8', shape, quantization } });
    const conversion = dtype === 'float32' ? { op: Quantize, attributes: { quantization } } : { op: Requantize, attributes: {} };
    this.nodes.push({ name: `${to}.${conversion.op.name}`, inputs: [from], outputs: [to], ...conversion });
  }

  private addConstant(value: Value): ValueName {
    const name = freshName(this.taken(), `${value.name}.${value.type.dtype}`);
    this.values.set(name, { ...value, name });
    return name;
  }

  /** Names of this graph and of values that are still to come. */
  private taken(): { values: ReadonlyMap<ValueName, unknown> } {
    return { values: new Map<ValueName, unknown>([...this.source.values, ...this.values]) };
  }
}
