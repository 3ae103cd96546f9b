/** Our graph, int8 or float32, as a TensorFlow Lite file (schema of tensorflow/lite/schema/schema.fbs), and what the bench needs to know of such files. */
import type { DType, Graph, Value, ValueName } from '../../../compiler/graph.ts';
import { valueOf } from '../../../compiler/graph.ts';
import { type FlatField, type FlatNode, FlatReader, type FlatTable, text, vector, writeFlatbuffer } from './flatbuffer.ts';
import { type Activation, type Layer, type LayerWindow, layersOf } from './layers.ts';

const tensorTypes: Readonly<Record<DType, number>> = { float32: 0, float16: 1, int32: 2, int16: 7, int8: 9 };
const activations: Readonly<Record<Activation, number>> = { linear: 0, relu: 1, relu6: 3 };

/** BuiltinOperator, its version for int8 operands, and BuiltinOptions. */
const operators: Readonly<Record<Layer['kind'], { code: number; version: number; options: number }>> = {
  add: { code: 0, version: 2, options: 11 },
  concat: { code: 2, version: 2, options: 10 },
  conv2d: { code: 3, version: 3, options: 1 },
  depthwise: { code: 4, version: 3, options: 2 },
  dense: { code: 9, version: 4, options: 8 },
  maxPool: { code: 17, version: 2, options: 5 },
  reshape: { code: 22, version: 1, options: 17 },
  softmax: { code: 25, version: 2, options: 9 },
  spatialMean: { code: 40, version: 2, options: 27 },
};

function table(fields: Record<number, FlatField>): FlatTable {
  return { fields };
}

function ints(values: readonly number[]): FlatNode {
  return vector(Int32Array.from(values));
}

function padding(window: LayerWindow): FlatField {
  return { int: window.padding === 'same' ? 0 : 1 };
}

function builtinOptions(layer: Layer): FlatTable {
  const activation = { int: activations[layer.activation ?? 'linear'] };
  const window = layer.window as LayerWindow;
  const strides = () => ({ 0: padding(window), 1: { int: window.stride[1] }, 2: { int: window.stride[0] } });
  const dilations = () => [{ int: window.dilation[1] }, { int: window.dilation[0] }] as const;
  switch (layer.kind) {
    case 'conv2d':
      return table({ ...strides(), 3: activation, 4: dilations()[0], 5: dilations()[1] });
    case 'depthwise':
      return table({ ...strides(), 3: { int: 1 }, 4: activation, 5: dilations()[0], 6: dilations()[1] });
    case 'maxPool':
      return table({ ...strides(), 3: { int: window.kernel[1] }, 4: { int: window.kernel[0] } });
    case 'dense':
    case 'add':
      return table({ 0: activation });
    case 'concat':
      return table({ 0: { int: -1 } });
    case 'reshape':
      return table({ 0: ints(layer.shape as readonly number[]) });
    case 'softmax':
      return table({ 0: { float: 1 } });
    case 'spatialMean':
      return table({ 0: { int: 1 } });
  }
}

/** [C, KH, KW, 1] of a depthwise convolution as TensorFlow Lite's [1, KH, KW, C]. */
function depthwiseChannelsLast({ type, constant }: Value): Value {
  const [channels, height, width] = type.shape as [number, number, number];
  const taps = height * width;
  const data = (constant as Int8Array).slice();
  for (let c = 0; c < channels; c++)
    for (let tap = 0; tap < taps; tap++) data[tap * channels + c] = (constant as Int8Array)[c * taps + tap] as number;
  const quantization = type.quantization && { ...type.quantization, axis: 3 };
  const moved = { ...type, shape: [1, height, width, channels], ...(quantization && { quantization }) };
  return { name: '', type: moved, constant: data };
}

function isAccumulated({ kind }: Layer): boolean {
  return kind === 'conv2d' || kind === 'depthwise' || kind === 'dense';
}

class TfliteWriter {
  private readonly tensors: FlatTable[] = [];
  /** Buffer 0 is empty by convention. */
  private readonly buffers: FlatTable[] = [table({})];
  private readonly indices = new Map<ValueName, number>();
  private readonly codes: Layer['kind'][] = [];

  constructor(private readonly graph: Graph) {}

  write(): Uint8Array {
    const { graph } = this;
    const inputs = graph.inputs.map((port) => this.tensor(port.value));
    const operators_ = layersOf(graph).map((layer) => this.operator(layer));
    const outputs = graph.outputs.map((port) => this.tensor(port.value));
    const subgraph = table({
      0: { items: this.tensors },
      1: ints(inputs),
      2: ints(outputs),
      3: { items: operators_ },
      4: text('main'),
    });
    const codes = this.codes.map((kind) => {
      const { code, version } = operators[kind];
      return table({ 0: { int: code }, 2: { int: version }, 3: { int: code } });
    });
    const model = table({
      0: { int: 3 },
      1: { items: codes },
      2: { items: [subgraph] },
      3: text(`${graph.name}, written by whittle's bench`),
      4: { items: this.buffers },
    });
    return writeFlatbuffer(model, 'TFL3');
  }

  private operator(layer: Layer): FlatTable {
    let index = this.codes.indexOf(layer.kind);
    if (index < 0) index = this.codes.push(layer.kind) - 1;
    const inputs = layer.inputs.map((name, i) =>
      this.tensor(name, isAccumulated(layer) && i > 0 ? (value) => this.weights(layer, value, i) : undefined),
    );
    if (layer.kind === 'spatialMean')
      inputs.push(this.addTensor('axes', { name: '', type: { dtype: 'int32', shape: [2] }, constant: Int32Array.of(1, 2) }));
    return table({
      0: { int: index },
      1: ints(inputs),
      2: ints([this.tensor(layer.output)]),
      3: { int: operators[layer.kind].options },
      4: builtinOptions(layer),
    });
  }

  /** Weights and bias as TensorFlow Lite wants them: depthwise weights channels last, the bias with its scales s_x · s_w. */
  private weights(layer: Layer, value: Value, operand: number): Value {
    if (operand === 1) return layer.kind === 'depthwise' ? depthwiseChannelsLast(value) : value;
    const [x, w] = layer.inputs.map((name) => valueOf(this.graph, name).type.quantization);
    if (!x || !w) return value;
    const scale = w.scale.map((factor) => factor * (x.scale[0] as number));
    return { ...value, type: { ...value.type, quantization: { scale, zeroPoint: 0, axis: 0 } } };
  }

  private tensor(name: ValueName, adapt = (value: Value) => value): number {
    const known = this.indices.get(name);
    if (known !== undefined) return known;
    const index = this.addTensor(name, adapt(valueOf(this.graph, name)));
    this.indices.set(name, index);
    return index;
  }

  private addTensor(name: string, { type, constant }: Value): number {
    let buffer = 0;
    if (constant) {
      const bytes = new Uint8Array(constant.buffer, constant.byteOffset, constant.byteLength);
      buffer = this.buffers.push(table({ 0: vector(bytes, 16) })) - 1;
    }
    const { quantization } = type;
    const scales = quantization?.scale ?? [];
    const zeroPoints = BigInt64Array.from(scales, () => BigInt(quantization?.zeroPoint ?? 0));
    const fields: Record<number, FlatField> = {
      0: ints(type.shape),
      1: { int: tensorTypes[type.dtype] },
      2: { int: buffer },
      3: text(name),
    };
    if (quantization) {
      fields[4] = table({ 2: vector(Float32Array.from(scales)), 3: vector(zeroPoints), 6: { int: quantization.axis ?? 0 } });
    }
    return this.tensors.push(table(fields)) - 1;
  }
}

/** @throws Error when the graph holds an operator that the bench's models do not need. */
export function writeTflite(graph: Graph): Uint8Array {
  return new TfliteWriter(graph).write();
}

export interface TfliteInput {
  readonly dtype: 'float32' | 'int8' | 'uint8';
  readonly shape: readonly number[];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The first input of a TensorFlow Lite file. */
export function readTfliteInput(bytes: Uint8Array): TfliteInput {
  const subgraph = FlatReader.root(bytes).item(2, 0);
  const tensor = subgraph.item(0, subgraph.numbers(1, 'int32')[0] as number);
  const dtype = ({ 0: 'float32', 3: 'uint8', 9: 'int8' } as const)[tensor.byte(1)];
  if (!dtype) throw new Error(`a TensorFlow Lite input of type ${tensor.byte(1)} is not known to the bench`);
  const quantization = tensor.table(4);
  return {
    dtype,
    shape: tensor.numbers(0, 'int32'),
    scale: quantization?.numbers(2, 'float32')[0] ?? 1,
    zeroPoint: quantization?.numbers(3, 'int64')[0] ?? 0,
  };
}
