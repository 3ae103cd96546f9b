/** The interface of an operator. One operator is one file in this folder and one kernel file in runtime-as/kernels. */
import type { Node, Quantization, Tensor, TensorType, TypedArray, Value } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';

/**
 * How an operator becomes integer.
 * - `accumulate`: input 1 holds weights (int8 per channel of `weightAxis`), input 2 the bias (int32); the output is observed.
 * - `observed`: the output's range is observed by calibration, unless `known` gives parameters for these attributes.
 * - `same-as-input`: inputs named by `inputs` (default: every activation) and all float32 outputs share one scale and
 *   zero point. Outputs of another dtype (the indices of ArgMax) stay as they are.
 * - `fixed`: the output's parameters are known beforehand.
 * - `float`: there is no int8 kernel; the node is a float32 island.
 */
export type QuantizationRule<A> =
  | { readonly kind: 'accumulate'; readonly weightAxis: (attributes: A) => number }
  | { readonly kind: 'observed'; readonly known?: (attributes: A) => Quantization | undefined }
  | { readonly kind: 'same-as-input'; readonly inputs?: readonly number[] }
  | { readonly kind: 'fixed'; readonly output: (attributes: A) => Quantization }
  | { readonly kind: 'float' };

/** A kernel operand: a value of the graph, or a constant that the compiler derived for this call. */
export type Operand = string | { readonly name: string; readonly type: TensorType; readonly data: TypedArray };

/** One step of the execution plan. */
export interface KernelCall {
  /** OPCODE_… of runtime-as/format.ts. */
  readonly opcode: number;
  /** Operands without the output. */
  readonly operands: readonly Operand[];
  /** Words in the order of runtime-as/format.ts; float32 as bits (`float32Bits`). */
  readonly parameters: readonly number[];
  /** Indices into `operands` whose bytes the output may overwrite when this is their last use. */
  readonly inPlace?: readonly number[];
}

/** What `kernel` sees of its node's values. */
export interface NodeValues {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** What imports ONNX operators. By itself: those that become constants, other names or nodes of other operators. */
export interface OnnxImporter {
  /** ONNX operator type → adds nodes. Several types may land here; one type may become several nodes. */
  readonly onnx: Readonly<Record<string, (node: OnnxNode, graph: GraphBuilder) => void>>;
}

// biome-ignore lint/suspicious/noExplicitAny: lists of operators hold every attribute type
export interface Op<A = any> extends OnnxImporter {
  readonly name: string;
  /** @throws Error with the reason, when shapes or attributes do not fit each other. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** The float32 (and, for shape arithmetic, int32) reference: obvious, slow, the definition of right. */
  evaluate(inputs: readonly Tensor[], attributes: A): readonly Tensor[];
  readonly quantize: QuantizationRule<A>;
  /** Writes the node as ONNX nodes on real numbers; `writer.define` takes the results. Absent: there is no ONNX form. */
  toOnnx?(node: Node<A>, writer: OnnxWriter): void;
  /**
   * The kernel call for these value types (float32, or int8 with quantization); 'alias' when the output is the
   * input's bytes. Absent: the operator must be folded away before planning. Undefined: no kernel for these types.
   */
  kernel?(node: Node<A>, values: NodeValues): KernelCall | 'alias' | undefined;
}

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a float32 as an unsigned word. */
export function float32Bits(value: number): number {
  bits.setFloat32(0, value, true);
  return bits.getUint32(0, true);
}

/** A parameter list of `count` words from { index: value }. */
export function parameterWords(count: number, words: Readonly<Record<number, number>>): number[] {
  const list = new Array<number>(count).fill(0);
  for (const [index, value] of Object.entries(words)) list[Number(index)] = value;
  return list;
}
