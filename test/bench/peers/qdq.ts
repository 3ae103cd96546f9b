/**
 * ONNX float model → ONNX QDQ model for ONNX Runtime: activations per tensor, int8 weights per channel, int32 biases,
 * ranges from whittle's float kernels; the model's input and output are integers, too.
 */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { Executor } from '../../../compiler/execute.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import type { ModelProto } from '../../../compiler/onnx/load.ts';
import { tensorFromOnnx } from '../../../compiler/onnx/tensor.ts';

const { onnx } = onnxProto;
const { FLOAT, INT8, INT32, UINT8 } = onnx.TensorProto.DataType;

/** Operators whose activations ONNX Runtime runs in integers. */
const quantized = new Set(['Conv', 'Gemm', 'MatMul', 'Add', 'GlobalAveragePool', 'AveragePool', 'MaxPool', 'Concat']);
const renaming = new Set(['Dropout', 'Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const weighted = new Set(['Conv', 'Gemm', 'MatMul']);

/** Smallest and largest value of every tensor of the model over the samples. */
export async function observeRanges(model: ModelProto, samples: readonly Float32Array[]): Promise<Map<string, [number, number]>> {
  const executor = await Executor.create(importOnnx(model, { name: 'ranges' }));
  const ranges = new Map<string, [number, number]>();
  const observe = (name: string, data: ArrayLike<number>) => {
    let [low, high] = ranges.get(name) ?? [0, 0];
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number;
      if (value < low) low = value;
      else if (value > high) high = value;
    }
    ranges.set(name, [low, high]);
  };
  const input = model.graph?.input?.find(({ name }) => !model.graph?.initializer?.some((initializer) => initializer.name === name));
  for (const sample of samples) {
    observe(input?.name as string, sample);
    executor.run([sample], observe);
  }
  // What the plan only renames is not observed.
  for (const { opType, input: inputs, output: outputs } of model.graph?.node ?? []) {
    const range = ranges.get(inputs?.[0] as string);
    if (range && renaming.has(opType as string)) ranges.set(outputs?.[0] as string, range);
  }
  return ranges;
}

export interface QdqModel {
  readonly bytes: Uint8Array;
  /** Of the model's input. */
  readonly scale: number;
  readonly zeroPoint: number;
}

function scalar(name: string, value: number, dataType: number): Onnx.ITensorProto {
  return dataType === FLOAT ? { name, dims: [], dataType, floatData: [value] } : { name, dims: [], dataType, int32Data: [value] };
}

function raw(name: string, dims: readonly number[], dataType: number, data: Float32Array | Int8Array | Int32Array): Onnx.ITensorProto {
  return { name, dims: [...dims], dataType, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** The axis of the output channels. */
function weightAxis(node: Onnx.INodeProto): number {
  const isTransposed = node.attribute?.some(({ name, i }) => name === 'transB' && Number(i) === 1);
  return node.opType === 'Conv' || isTransposed ? 0 : 1;
}

class QdqWriter {
  private readonly initializers: Map<string, Onnx.ITensorProto>;
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly extra: Onnx.ITensorProto[] = [];
  private readonly dequantized = new Map<string, string>();
  private readonly scales = new Map<string, number>();
  private readonly graph: Onnx.IGraphProto;

  constructor(
    private readonly model: ModelProto,
    private readonly ranges: ReadonlyMap<string, readonly [number, number]>,
    private readonly activation: 'int8' | 'uint8',
  ) {
    this.graph = model.graph as Onnx.IGraphProto;
    this.initializers = new Map((this.graph.initializer ?? []).map((initializer) => [initializer.name as string, initializer]));
  }

  write(): QdqModel {
    const input = this.graph.input?.find(({ name }) => !this.initializers.has(name as string)) as Onnx.IValueInfoProto;
    const output = this.graph.output?.[0] as Onnx.IValueInfoProto;
    const inputName = input.name as string;
    this.dequantize(inputName);
    for (const node of this.graph.node ?? []) this.nodes.push(this.rewritten(node));
    this.quantize(output.name as string);
    const graph = {
      ...this.graph,
      node: this.nodes,
      input: [this.integer(input)],
      output: [this.integer(output)],
      initializer: [...[...this.initializers.values()].filter(({ name }) => !this.dequantized.has(name as string)), ...this.extra],
    };
    const bytes = onnx.ModelProto.encode({ ...this.model, graph }).finish();
    const { scale, zeroPoint } = this.parameters(inputName);
    return { bytes, scale, zeroPoint };
  }

  private integer(port: Onnx.IValueInfoProto): Onnx.IValueInfoProto {
    const tensorType = { ...port.type?.tensorType, elemType: this.activation === 'int8' ? INT8 : UINT8 };
    return { ...port, name: `${port.name}.q`, type: { ...port.type, tensorType } };
  }

  private parameters(name: string): { scale: number; zeroPoint: number } {
    const range = this.ranges.get(name);
    if (!range) throw new Error(`QDQ: no range was observed for "${name}"`);
    const [low, high] = range;
    const scale = Math.fround(Math.max(high - low, 1e-6) / 255);
    return { scale, zeroPoint: Math.round((this.activation === 'int8' ? -128 : 0) - low / scale) };
  }

  private quantizationOf(name: string): string[] {
    if (!this.scales.has(name)) {
      const { scale, zeroPoint } = this.parameters(name);
      this.scales.set(name, scale);
      this.extra.push(scalar(`${name}.scale`, scale, FLOAT));
      this.extra.push(scalar(`${name}.zero`, zeroPoint, this.activation === 'int8' ? INT8 : UINT8));
    }
    return [`${name}.scale`, `${name}.zero`];
  }

  private quantize(name: string): void {
    const parameters = this.quantizationOf(name);
    this.nodes.push({ opType: 'QuantizeLinear', name: `${name}.quantize`, input: [name, ...parameters], output: [`${name}.q`] });
  }

  private dequantize(name: string): string {
    const parameters = this.quantizationOf(name);
    this.nodes.push({
      opType: 'DequantizeLinear',
      name: `${name}.dequantize`,
      input: [`${name}.q`, ...parameters],
      output: [`${name}.dq`],
    });
    this.dequantized.set(name, `${name}.dq`);
    return `${name}.dq`;
  }

  private activationOf(name: string): string {
    const known = this.dequantized.get(name);
    if (known) return known;
    this.quantize(name);
    return this.dequantize(name);
  }

  private constant(name: string, tensors: readonly Onnx.ITensorProto[], axis: number): void {
    if (this.dequantized.has(name)) return;
    this.extra.push(...tensors);
    this.nodes.push({
      opType: 'DequantizeLinear',
      name: `${name}.dequantize`,
      input: tensors.map((tensor) => tensor.name as string),
      output: [`${name}.dq`],
      attribute: [{ name: 'axis', i: axis, type: onnx.AttributeProto.AttributeType.INT }],
    });
    this.dequantized.set(name, `${name}.dq`);
  }

  private rewritten(node: Onnx.INodeProto): Onnx.INodeProto {
    const inputs = node.input ?? [];
    if (!quantized.has(node.opType as string)) return { ...node, input: inputs.map((name) => this.dequantized.get(name) ?? name) };
    const input = inputs.map((name) => (this.initializers.has(name) ? name : this.activationOf(name)));
    if (!weighted.has(node.opType as string)) return { ...node, input };
    const [x, w, b] = inputs as [string, string, string | undefined];
    const scales = this.weights(w, weightAxis(node));
    if (b && this.initializers.has(b)) this.bias(b, scales, this.scales.get(x) as number);
    return { ...node, input: input.map((name) => this.dequantized.get(name) ?? name) };
  }

  /** @returns the scale of every output channel */
  private weights(name: string, axis: number): Float32Array {
    const { type, data } = tensorFromOnnx(this.initializers.get(name) as Onnx.ITensorProto);
    const channels = type.shape[axis] as number;
    const inner = axis === 0 ? data.length / channels : 1;
    const channelOf = (i: number) => Math.floor(i / inner) % channels;
    const scales = new Float32Array(channels);
    data.forEach((value, i) => {
      scales[channelOf(i)] = Math.max(scales[channelOf(i)] as number, Math.abs(value) / 127, 1e-9);
    });
    const integers = Int8Array.from(data, (value, i) => Math.round(value / (scales[channelOf(i)] as number)));
    const zeros = raw(`${name}.zero`, [channels], INT8, new Int8Array(channels));
    this.constant(name, [raw(`${name}.q`, type.shape, INT8, integers), raw(`${name}.scale`, [channels], FLOAT, scales), zeros], axis);
    return scales;
  }

  private bias(name: string, weightScales: Float32Array, inputScale: number): void {
    const scales = weightScales.map((scale) => scale * inputScale);
    const bias = tensorFromOnnx(this.initializers.get(name) as Onnx.ITensorProto).data;
    const integers = Int32Array.from(bias, (value, i) => Math.round(value / (scales[i] as number)));
    this.constant(name, [raw(`${name}.q`, [scales.length], INT32, integers), raw(`${name}.scale`, [scales.length], FLOAT, scales)], 0);
  }
}

/** A copy of the model with QuantizeLinear → DequantizeLinear around every operator of `quantized`. */
export function insertQuantizeDequantize(
  model: ModelProto,
  ranges: ReadonlyMap<string, readonly [number, number]>,
  activation: 'int8' | 'uint8',
): QdqModel {
  return new QdqWriter(model, ranges, activation).write();
}
