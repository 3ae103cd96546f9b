/** What became of each layer, and what the packed model costs. */
import * as format from '../runtime-as/format.ts';
import type { Measurement } from './compression/measure.ts';
import type { EncodingChoice } from './encoding/encode-plan.ts';
import { type DType, elementCount, type Graph, producerOf, valueOf } from './graph.ts';
import type { ExecutionPlan, PlannedStep } from './plan/plan.ts';
import type { Accuracy } from './quantization/accuracy.ts';
import type { FloatIsland } from './quantization/islands.ts';

export interface LayerReport {
  readonly node: string;
  readonly operator: string;
  /** What it computes in, or `dynamic`: activations quantized per call. */
  readonly dtype: DType | 'dynamic';
  /** Why it stayed float32. */
  readonly reason?: string;
  readonly outputShape: readonly number[];
  readonly macs: number;
  /** Bytes of its constants: weights, bias, tables. */
  readonly constantBytes: number;
  /** How its weights are stored, and what else was possible; absent: plain, nothing else was tried. */
  readonly encoding?: Omit<EncodingChoice, 'node'>;
  /** Against the float graph, on the first calibration samples, with the error of everything before it. */
  readonly sqnr?: number;
  readonly cosine?: number;
}

/** A block of the arena: where it lies, and from which step to which it is live (-1: an input, the step count: an output). */
export interface ArenaBlock {
  /** The tensors that share the block, in the order they are computed. */
  readonly tensors: readonly string[];
  readonly offset: number;
  readonly bytes: number;
  readonly firstStep: number;
  readonly lastStep: number;
}

/** What weights of fewer than 8 bits cost, on calibration samples. */
export interface WeightPrecision {
  /** Bits by layer; the others have 8. */
  readonly layers: Readonly<Record<string, number>>;
  readonly measured: Measurement;
  readonly withEightBits: Measurement;
}

export interface CompileReport {
  readonly name: string;
  readonly sourceBytes: number;
  readonly fileBytes: number;
  readonly constantBytes: number;
  readonly arenaBytes: number;
  /** No placement of the tensors needs less. */
  readonly arenaLowerBound: number;
  readonly arena: readonly ArenaBlock[];
  readonly macs: number;
  /** Weights and biases of the float graph. */
  readonly parameters: number;
  readonly calibrationSamples: number;
  readonly layers: readonly LayerReport[];
  readonly islands: readonly FloatIsland[];
  /** Absent when all weights have 8 bits. */
  readonly weightPrecision?: WeightPrecision;
}

export function arenaBlocks({ lifetimes, tensors }: ExecutionPlan): ArenaBlock[] {
  const offsets = new Map(tensors.map(({ name, offset }) => [name, offset]));
  return lifetimes.map(({ values, bytes, first, last }) => ({
    tensors: values,
    offset: offsets.get(values[0] as string) ?? 0,
    bytes,
    firstStep: first,
    lastStep: last,
  }));
}

/** Multiply-accumulate operations of one step; 0 for operators without weights. */
export function macsOf({ opcode, parameters }: Pick<PlannedStep, 'opcode' | 'parameters'>): number {
  const product = (...indices: number[]) => indices.reduce((result, index) => result * (parameters[index] as number), 1);
  const taps = [format.CONV_KERNEL_HEIGHT, format.CONV_KERNEL_WIDTH, format.CONV_IN_CHANNELS];
  switch (opcode) {
    case format.OPCODE_CONV2D_INT8:
    case format.OPCODE_CONV2D_CSR16_INT8:
    case format.OPCODE_CONV2D_CSR8_INT8:
    case format.OPCODE_CONV2D_BITMAP_INT8:
    case format.OPCODE_CONV2D_BLOCK1X16_INT8:
    case format.OPCODE_CONV2D_BLOCK16X4_INT8:
    case format.OPCODE_CONV2D_NIBBLES_INT8:
    case format.OPCODE_CONV2D_CODEBOOK_INT8:
    case format.OPCODE_CONV2D_FLOAT32:
    case format.OPCODE_CONV2D_FLOAT16:
    case format.OPCODE_DEPTHWISE_FLOAT16:
    case format.OPCODE_CONV2D_DYNAMIC:
    case format.OPCODE_CONV2D_INT16:
    case format.OPCODE_DEPTHWISE_INT8:
    case format.OPCODE_DEPTHWISE_FLOAT32:
      return (
        product(format.CONV_BATCH, format.CONV_OUT_HEIGHT, format.CONV_OUT_WIDTH, format.CONV_OUT_CHANNELS, ...taps) /
        product(format.CONV_GROUPS)
      );
    case format.OPCODE_CONV_TRANSPOSE_FLOAT32:
      return (
        product(format.CONV_BATCH, format.CONV_IN_HEIGHT, format.CONV_IN_WIDTH, format.CONV_OUT_CHANNELS, ...taps) /
        product(format.CONV_GROUPS)
      );
    case format.OPCODE_MATMUL_INT8:
    case format.OPCODE_MATMUL_FLOAT32:
      return product(format.MATMUL_BATCH, format.MATMUL_M, format.MATMUL_K, format.MATMUL_N);
    default:
      return 0;
  }
}

function dtypeOfStep({ opcode }: PlannedStep, output: DType): LayerReport['dtype'] {
  switch (opcode) {
    case format.OPCODE_CONV2D_FLOAT16:
    case format.OPCODE_DEPTHWISE_FLOAT16:
      return 'float16';
    case format.OPCODE_CONV2D_DYNAMIC:
      return 'dynamic';
    default:
      return output;
  }
}

/** One entry per step of the plan. */
export function layerReports(
  graph: Graph,
  plan: ExecutionPlan,
  islands: readonly FloatIsland[],
  accuracies: ReadonlyMap<string, Accuracy>,
  choices: readonly EncodingChoice[] = [],
): LayerReport[] {
  const encodings = new Map(choices.map(({ node, ...choice }) => [node, choice]));
  const reasons = new Map(islands.map((island) => [island.node, island.reason]));
  return plan.steps.map((step) => {
    const tensors = step.operands.map((index) => plan.tensors[index] as ExecutionPlan['tensors'][number]);
    const output = tensors.at(-1) as ExecutionPlan['tensors'][number];
    const reason = reasons.get(step.node);
    return {
      node: step.node,
      operator: producerOf(graph, output.name)?.op.name ?? '',
      dtype: dtypeOfStep(step, output.type.dtype),
      ...(reason !== undefined && { reason }),
      outputShape: output.type.shape,
      macs: macsOf(step),
      constantBytes: tensors.reduce((sum, { constant }) => sum + (constant?.byteLength ?? 0), 0),
      ...(encodings.has(step.node) && { encoding: encodings.get(step.node) as Omit<EncodingChoice, 'node'> }),
      ...accuracies.get(output.name),
    };
  });
}

/** Elements of every float32 constant that a node reads. */
export function countParameters(graph: Graph): number {
  const names = new Set(graph.nodes.flatMap((node) => node.inputs));
  return [...names]
    .map((name) => valueOf(graph, name))
    .filter(({ constant, type }) => constant && type.dtype === 'float32')
    .reduce((sum, { type }) => sum + elementCount(type.shape), 0);
}
