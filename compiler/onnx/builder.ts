/** Builds a valid Graph node by node; what depends on constants only is evaluated at once, so shape arithmetic folds away. */
import {
  elementCount,
  freshName,
  type Graph,
  type Node,
  type Port,
  type Tensor,
  type TensorType,
  tensor,
  typedArray,
  type Value,
  type ValueName,
} from '../graph.ts';
import type { Op } from '../ops/op.ts';

export interface AddOptions {
  /** Names for the outputs, where the ONNX model gives them. */
  readonly outputs?: readonly ValueName[];
  /** Node name for reports; default: the current ONNX node's. */
  readonly name?: string;
}

/** Results larger than this (in elements) are not folded unless an input is as large: a 1-element Expand must not bloat the model. */
const FOLD_LIMIT = 1 << 16;

export class GraphBuilder {
  readonly values = new Map<ValueName, Value>();
  /** ONNX dtypes of inputs and initializers, where the dtype inside does not tell (uint8 is int32 inside). */
  readonly onnxDtypes = new Map<ValueName, string>();
  private readonly nodes: Node[] = [];
  private readonly aliases = new Map<ValueName, ValueName>();
  private readonly nodeNames = new Set<string>();
  /** Name of the ONNX node being imported: nodes and values derive theirs from it. */
  currentNode = '';

  /** The value an ONNX name stands for (Identity and Dropout only rename). */
  resolve(name: ValueName): ValueName {
    return this.aliases.get(name) ?? name;
  }

  isDefined(name: ValueName): boolean {
    return this.values.has(this.resolve(name));
  }

  type(name: ValueName): TensorType {
    const value = this.values.get(this.resolve(name));
    if (!value) throw new Error(`value "${name}" is not defined`);
    return value.type;
  }

  shape(name: ValueName): readonly number[] {
    return this.type(name).shape;
  }

  /** The constant behind the name; undefined when it is computed at run time. */
  constant(name: ValueName | undefined): Tensor | undefined {
    const value = name === undefined ? undefined : this.values.get(this.resolve(name));
    return value?.constant && { type: value.type, data: value.constant };
  }

  /** The constant behind the name as numbers; undefined when it is left out or computed at run time. */
  numbers(name: ValueName | undefined): number[] | undefined {
    const constant = this.constant(name);
    return constant && Array.from(constant.data);
  }

  define(name: ValueName, type: TensorType): void {
    this.values.set(name, { name, type });
  }

  /** Makes `name` another name of `value`. */
  alias(name: ValueName, value: ValueName): void {
    this.aliases.set(name, this.resolve(value));
  }

  addConstant(value: Tensor, name?: ValueName): ValueName {
    const fresh = name ?? freshName(this, `${this.currentNode || 'constant'}.constant`);
    this.values.set(fresh, { name: fresh, type: value.type, constant: value.data });
    return fresh;
  }

  scalar(value: number): ValueName {
    return this.addConstant(tensor('float32', [], [value]));
  }

  /**
   * Adds a node and returns the names of its outputs; folds it into constants when every input is one.
   * @throws Error with the reason when the operator refuses these types.
   */
  add<A>(op: Op<A>, inputs: readonly ValueName[], attributes: A, options: AddOptions = {}): ValueName[] {
    const names = inputs.map((input) => this.resolve(input));
    const values = names.map((name) => {
      const value = this.values.get(name);
      if (!value) throw new Error(`value "${name}" is not defined`);
      return value;
    });
    const types = op.infer(
      values.map((value) => value.type),
      attributes,
    );
    const base = options.name ?? (this.currentNode || op.name);
    const outputs = types.map((_, i) => options.outputs?.[i] || freshName(this, `${base}.${op.name}${i ? i : ''}`));
    const folded = this.fold(op, values, attributes, types);
    types.forEach((type, i) => {
      const name = outputs[i] as ValueName;
      this.values.set(name, { name, type, ...(folded && { constant: (folded[i] as Tensor).data }) });
    });
    if (!folded) {
      let name = base;
      for (let i = 1; this.nodeNames.has(name); i++) name = `${base}.${op.name}${i > 1 ? i : ''}`;
      this.nodeNames.add(name);
      this.nodes.push({ name, op, inputs: names, outputs, attributes });
    }
    return outputs;
  }

  /** `add` for operators with one output. */
  addOne<A>(op: Op<A>, inputs: readonly ValueName[], attributes: A, options: AddOptions & { output?: ValueName } = {}): ValueName {
    const outputs = options.output ? { outputs: [options.output] } : {};
    return this.add(op, inputs, attributes, { ...options, ...outputs })[0] as ValueName;
  }

  private fold<A>(op: Op<A>, values: readonly Value[], attributes: A, types: readonly TensorType[]): readonly Tensor[] | undefined {
    // Nothing to compute: a value without elements is known, whatever it is made from.
    if (types.every((type) => elementCount(type.shape) === 0)) return types.map((type) => ({ type, data: typedArray(type.dtype, 0) }));
    if (!values.every((value) => value.constant)) return undefined;
    const largestInput = Math.max(0, ...values.map((value) => elementCount(value.type.shape)));
    const outputSize = types.reduce((sum, type) => sum + elementCount(type.shape), 0);
    if (outputSize > Math.max(FOLD_LIMIT, largestInput)) return undefined;
    return op.evaluate(
      values.map((value) => ({ type: value.type, data: value.constant as Tensor['data'] })),
      attributes,
    );
  }

  build(name: string, inputs: readonly Port[], outputs: readonly Port[]): Graph {
    return {
      name,
      inputs,
      outputs: outputs.map((port) => ({ ...port, value: this.resolve(port.value) })),
      nodes: this.nodes,
      values: this.values,
    };
  }
}
