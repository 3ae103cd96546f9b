/** ONNX float model → ONNX QDQ model for ONNX Runtime: int8 activations per tensor, int8 weights per channel, ranges from whittle's float kernels. */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { Executor } from '../../../compiler/execute.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import type { ModelProto } from '../../../compiler/onnx/load.ts';
import { tensorFromOnnx } from '../../../compiler/onnx/tensor.ts';

const { onnx } = onnxProto;
const { FLOAT, INT8 } = onnx.TensorProto.DataType;

/** Operators whose activations ONNX Runtime runs in integers. */
const quantized = new Set(['Conv', 'Gemm', 'MatMul', 'Add', 'GlobalAveragePool', 'AveragePool', 'MaxPool', 'Concat']);
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
  return ranges;
}

function scalar(name: string, value: number, dataType: number): Onnx.ITensorProto {
  return dataType === FLOAT ? { name, dims: [], dataType, floatData: [value] } : { name, dims: [], dataType, int32Data: [value] };
}

function quantizeWeights(weights: Onnx.ITensorProto): Onnx.ITensorProto[] {
  const { type, data } = tensorFromOnnx(weights);
  const channels = type.shape[0] as number;
  const perChannel = data.length / channels;
  const scales = new Float32Array(channels);
  const integers = new Int8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const row = Array.from(data.subarray(c * perChannel, (c + 1) * perChannel));
    const scale = Math.max(1e-9, ...row.map(Math.abs)) / 127;
    scales[c] = scale;
    integers.set(
      row.map((value) => Math.round(value / scale)),
      c * perChannel,
    );
  }
  return [
    { name: `${weights.name}.q`, dims: [...type.shape], dataType: INT8, rawData: new Uint8Array(integers.buffer) },
    { name: `${weights.name}.scale`, dims: [channels], dataType: FLOAT, rawData: new Uint8Array(scales.buffer) },
    { name: `${weights.name}.zero`, dims: [channels], dataType: INT8, rawData: new Uint8Array(channels) },
  ];
}

/** A copy of the model with QuantizeLinear → DequantizeLinear around every operator of `quantized`. */
export function insertQuantizeDequantize(model: ModelProto, ranges: ReadonlyMap<string, readonly [number, number]>): Uint8Array {
  const graph = model.graph as Onnx.IGraphProto;
  const initializers = new Map((graph.initializer ?? []).map((initializer) => [initializer.name as string, initializer]));
  const nodes: Onnx.INodeProto[] = [];
  const extra: Onnx.ITensorProto[] = [];
  const dequantized = new Map<string, string>();

  const wrapActivation = (name: string): string => {
    const known = dequantized.get(name);
    if (known) return known;
    const [low, high] = ranges.get(name) ?? [-1, 1];
    const scale = Math.max(high - low, 1e-6) / 255;
    extra.push(scalar(`${name}.scale`, scale, FLOAT), scalar(`${name}.zero`, Math.round(-128 - low / scale), INT8));
    const parameters = [`${name}.scale`, `${name}.zero`];
    nodes.push({ opType: 'QuantizeLinear', name: `${name}.quantize`, input: [name, ...parameters], output: [`${name}.q`] });
    nodes.push({ opType: 'DequantizeLinear', name: `${name}.dequantize`, input: [`${name}.q`, ...parameters], output: [`${name}.dq`] });
    dequantized.set(name, `${name}.dq`);
    return `${name}.dq`;
  };
  const wrapWeights = (name: string): string => {
    if (!dequantized.has(name)) {
      const tensors = quantizeWeights(initializers.get(name) as Onnx.ITensorProto);
      extra.push(...tensors);
      const axis = { name: 'axis', i: 0, type: onnx.AttributeProto.AttributeType.INT };
      nodes.push({
        opType: 'DequantizeLinear',
        name: `${name}.dequantize`,
        input: tensors.map((tensor) => tensor.name as string),
        output: [`${name}.dq`],
        attribute: [axis],
      });
      dequantized.set(name, `${name}.dq`);
    }
    return dequantized.get(name) as string;
  };

  for (const node of graph.node ?? []) {
    if (!quantized.has(node.opType as string)) {
      nodes.push(node);
      continue;
    }
    const input = (node.input ?? []).map((name, i) => {
      if (!initializers.has(name)) return wrapActivation(name);
      return i === 1 && weighted.has(node.opType as string) ? wrapWeights(name) : name;
    });
    nodes.push({ ...node, input });
  }
  return onnx.ModelProto.encode({
    ...model,
    graph: { ...graph, node: nodes, initializer: [...(graph.initializer ?? []), ...extra] },
  }).finish();
}
