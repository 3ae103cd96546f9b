/** A read-only view of one ONNX node: defaults, and errors that name the attribute. */
import type { onnx as Onnx } from 'onnx-proto';
import type { Tensor } from '../graph.ts';
import { tensorFromOnnx } from './tensor.ts';

/** Thrown by importers; the importer of the model gathers all of them before it gives up. */
export class UnsupportedNodeError extends Error {
  constructor(
    readonly reason: string,
    readonly fix: string,
  ) {
    super(`${reason}; ${fix}`);
  }
}

export class OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** Names of the inputs; '' where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  private readonly attributes: ReadonlyMap<string, Onnx.IAttributeProto>;

  constructor(
    proto: Onnx.INodeProto,
    readonly opset: number,
  ) {
    this.operator = proto.opType ?? '';
    this.inputs = proto.input ?? [];
    this.outputs = proto.output ?? [];
    this.name = proto.name || this.outputs[0] || this.operator;
    this.attributes = new Map((proto.attribute ?? []).map((attribute) => [attribute.name ?? '', attribute]));
  }

  /** Name of input `index`; undefined when it is left out. */
  input(index: number): string | undefined {
    return this.inputs[index] || undefined;
  }

  /** Name of an input that the operator cannot do without. */
  required(index: number): string {
    const name = this.inputs[index];
    if (!name) throw this.unsupported(`input ${index} is missing`, 'the model is not valid ONNX, export it again');
    return name;
  }

  has(attribute: string): boolean {
    return this.attributes.has(attribute);
  }

  int(attribute: string, fallback: number): number {
    const value = this.attributes.get(attribute)?.i;
    return value === undefined || value === null ? fallback : Number(value);
  }

  ints(attribute: string): number[] | undefined {
    const found = this.attributes.get(attribute);
    return found && (found.ints ?? []).map(Number);
  }

  float(attribute: string, fallback: number): number {
    return this.attributes.get(attribute)?.f ?? fallback;
  }

  floats(attribute: string): number[] | undefined {
    const found = this.attributes.get(attribute);
    return found && [...(found.floats ?? [])];
  }

  string(attribute: string, fallback: string): string {
    const value = this.attributes.get(attribute)?.s;
    return value?.length ? new TextDecoder().decode(value) : fallback;
  }

  tensor(attribute: string): Tensor | undefined {
    const found = this.attributes.get(attribute)?.t;
    return found ? tensorFromOnnx(found) : undefined;
  }

  unsupported(reason: string, fix: string): UnsupportedNodeError {
    return new UnsupportedNodeError(reason, fix);
  }
}
