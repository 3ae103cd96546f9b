/**
 * Conv2d: x [N, H, W, C] · weights [O, KH, KW, C / groups] · bias [O] → y [N, OH, OW, O]. A 1-D convolution is one of
 * height 1 on [N, W, C]. Dense layers (ops/dense.ts) run on the same kernel as 1x1 convolutions.
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Node, type Tensor, type TensorType, type Value, type ValueName, valueOf } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { accumulatorScales, clampLimits, foldInputZeroPoint, INT16_MAX, requantizationMultipliers } from './accumulate.ts';
import { dequantizeBias, dequantizeInput } from './dequantize.ts';
import { isDynamic, writeDynamicConv } from './dynamic-onnx.ts';
import { layerNumbers } from './layer-numbers.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { float32Bits, type KernelCall, type Op, type Operand, parameterWords } from './op.ts';
import { quantizeOutput } from './quantize.ts';
import { Transpose } from './transpose.ts';
import { outputExtent, type Window, windowAttributes, windowOf } from './window.ts';

export interface Conv2dAttributes extends Window {
  readonly groups: number;
  /** Limits of a fused activation; -Infinity and Infinity when there is none. */
  readonly clamp: readonly [number, number];
}

/** Batch, height, width, channels of a rank 4 or rank 3 (height 1) shape. */
export function spatialShape(shape: readonly number[]): [number, number, number, number] {
  const [n, h, w, c] = shape.length === 3 ? [shape[0], 1, shape[1], shape[2]] : shape;
  return [n as number, h as number, w as number, c as number];
}

/** ONNX weights [O, C/g, KH, KW] (or [O, C/g, K]) as [O, KH, KW, C/g] ([O, 1, K, C/g]). */
export function weightsChannelsLast(graph: GraphBuilder, weights: ValueName): ValueName {
  const last = toChannelsLast(graph, weights);
  return graph.shape(last).length === 3 ? unsqueezeHeight(graph, last) : last;
}

function unsqueezeHeight(graph: GraphBuilder, weights: ValueName): ValueName {
  const constant = graph.constant(weights);
  if (!constant) throw new Error('1-D convolution weights must be constant');
  const [o, k, c] = constant.type.shape as [number, number, number];
  return graph.addConstant({ type: { ...constant.type, shape: [o, 1, k, c] }, data: constant.data });
}

function importConvolution(node: OnnxNode, graph: GraphBuilder): void {
  const y = convolve(node, graph, node.required(0), node.required(1), node.input(2));
  toChannelsFirst(graph, y, node.outputs[0] as string);
}

/** y = quantize(conv(dequantize(x), dequantize(w))), which is what the int8 kernel computes; its int32 bias has scale s_x · s_w. */
function importQLinearConv(node: OnnxNode, graph: GraphBuilder): void {
  const x = dequantizeInput(node, graph, 0, 1);
  const weights = dequantizeInput(node, graph, 3, 0);
  const bias = node.input(8) && dequantizeBias(node, graph, node.required(8), graph.type(x), graph.type(weights));
  const y = convolve(node, graph, x, weights, bias);
  quantizeOutput(node, graph, toChannelsFirst(graph, y), 6);
}

/** The NHWC result of a convolution of ONNX operands. */
export function convolve(node: OnnxNode, graph: GraphBuilder, x: ValueName, weights: ValueName, bias: ValueName | undefined): ValueName {
  const rank = graph.shape(x).length;
  if (rank !== 3 && rank !== 4) {
    throw node.unsupported(`input of rank ${rank} [${graph.shape(x)}]`, 'only 1-D and 2-D convolutions are supported');
  }
  if (!graph.constant(weights)) throw node.unsupported('the weights are computed at run time', 'export with constant weights');
  const groups = node.int('group', 1);
  const kernelShape = graph.shape(weights).slice(2);
  const window = windowOf(node, graph.shape(x).slice(2), kernelShape);
  const inputs = [
    toChannelsLast(graph, x),
    weightsChannelsLast(graph, weights),
    bias ?? graph.addConstant(zeroBias(graph.shape(weights)[0] as number)),
  ];
  return graph.addOne(Conv2d, inputs, { ...window, groups, clamp: [-Infinity, Infinity] });
}

/** The bias of a layer that has none. */
export function zeroBias(channels: number): Tensor {
  return { type: { dtype: 'float32', shape: [channels] }, data: new Float32Array(channels) };
}

export const Conv2d: Op<Conv2dAttributes> = {
  name: 'Conv2d',

  onnx: { Conv: importConvolution, QLinearConv: importQLinearConv },

  infer([x, w, b], attributes) {
    const [n, h, width, c] = spatialShape((x as TensorType).shape);
    const [o, kh, kw, ic] = (w as TensorType).shape as [number, number, number, number];
    if (ic * attributes.groups !== c || o % attributes.groups !== 0) {
      throw new Error(`weights [${(w as TensorType).shape}] with ${attributes.groups} groups do not fit input channels ${c}`);
    }
    if (elementCount((b as TensorType).shape) !== o) throw new Error(`bias [${(b as TensorType).shape}] does not fit ${o} output channels`);
    if (kh !== attributes.kernel[0] || kw !== attributes.kernel[1])
      throw new Error(`kernel_shape [${attributes.kernel}] does not fit the weights [${(w as TensorType).shape}]`);
    const oh = outputExtent(h, attributes, 0);
    const ow = outputExtent(width, attributes, 1);
    if (oh < 1 || ow < 1) throw new Error(`the kernel [${attributes.kernel}] is larger than the padded input [${(x as TensorType).shape}]`);
    return [{ dtype: (x as TensorType).dtype, shape: (x as TensorType).shape.length === 3 ? [n, ow, o] : [n, oh, ow, o] }];
  },

  evaluate([x, w, b], attributes) {
    const input = x as Tensor;
    const weights = w as Tensor;
    const [type] = Conv2d.infer([input.type, weights.type, (b as Tensor).type], attributes) as [TensorType];
    const [n, h, width, c] = spatialShape(input.type.shape);
    const [, oh, ow, o] = spatialShape(type.shape);
    const [, kh, kw, ic] = weights.type.shape as [number, number, number, number];
    const { stride, dilation, padBefore, groups, clamp } = attributes;
    const numbers = layerNumbers([input, weights, b as Tensor], clamp);
    const result = new Float32Array(elementCount(type.shape));
    let at = 0;
    for (let batch = 0; batch < n; batch++)
      for (let y = 0; y < oh; y++)
        for (let xx = 0; xx < ow; xx++)
          for (let oc = 0; oc < o; oc++) {
            let sum = numbers.bias[oc] as number;
            const firstChannel = Math.floor(oc / (o / groups)) * ic;
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const row = y * stride[0] + i * dilation[0] - padBefore[0];
                const column = xx * stride[1] + j * dilation[1] - padBefore[1];
                if (row < 0 || row >= h || column < 0 || column >= width) continue;
                const from = ((batch * h + row) * width + column) * c + firstChannel;
                const kernel = ((oc * kh + i) * kw + j) * ic;
                for (let k = 0; k < ic; k++) sum += (numbers.input[from + k] as number) * (numbers.weights[kernel + k] as number);
              }
            result[at++] = numbers.finish(sum, oc);
          }
    return [{ type, data: result }];
  },

  quantize: { kind: 'accumulate', weightAxis: () => 0 },

  toOnnx(node, writer) {
    if (isDynamic(node, writer)) return writeDynamicConv(node, writer);
    const { attributes } = node;
    const rank = writer.inputShape(node, 0).length;
    const y = writer.emit('Conv', [writer.input(node, 0, 'channels-first'), weightOperand(node, writer, rank), biasOperand(node, writer)], {
      ...windowAttributes(attributes, rank),
      group: attributes.groups,
    });
    writer.output(node, writer.clamped(y, attributes.clamp), 'channels-first');
  },

  kernel(node, { inputs: [x, w, b], outputs: [y] }) {
    const { attributes } = node;
    const geometry = geometryWords((x as Value).type.shape, (y as Value).type.shape, attributes);
    const [c, o] = [geometry[format.CONV_IN_CHANNELS] as number, geometry[format.CONV_OUT_CHANNELS]];
    const depthwise = attributes.groups === c && o === c && c > 1;
    return accumulateCall(geometry, [x as Value, w as Value, b as Value], y as Value, attributes.clamp, depthwise);
  },
};

/** [O, KH, KW, I] as ONNX has it: [O, I, KH, KW], or [O, I, K] for values of rank 3. */
function weightOperand({ inputs }: Node, writer: OnnxWriter, rank: number): string {
  const { name, type, constant } = valueOf(writer.graph, inputs[1] as ValueName);
  const [o, kh, kw, i] = type.shape as [number, number, number, number];
  const shape = rank === 3 ? [o, kh * kw, i] : [o, kh, kw, i];
  const permutation = rank === 3 ? [0, 2, 1] : [0, 3, 1, 2];
  return writer.constantOperand(name, { type: { ...type, shape }, data: constant as Tensor['data'] }, permutation);
}

/** The bias of a layer as real numbers; int32 ones have the scale of the accumulator, per channel. */
export function biasOperand({ inputs }: Node, writer: OnnxWriter): string {
  const [x, w, b] = inputs.map((name) => valueOf(writer.graph, name)) as [Value, Value, Value];
  const shape = [elementCount(b.type.shape)];
  const bias = { type: { ...b.type, shape }, data: b.constant as Tensor['data'] };
  if (b.type.dtype !== 'int32') return writer.constantOperand(b.name, bias);
  const scale = accumulatorScales(x, w);
  const quantization = { scale, zeroPoint: 0, ...(scale.length > 1 && { axis: 0 }) };
  return writer.constantOperand(b.name, { ...bias, type: { ...bias.type, quantization } });
}

/** Words CONV_… that every convolution has, from the shapes of x and y (rank 4, or 3 with height 1). */
export function geometryWords(
  x: readonly number[],
  y: readonly number[],
  { kernel, stride, dilation, padBefore, groups }: Omit<Conv2dAttributes, 'clamp' | 'padAfter'>,
): Record<number, number> {
  const [n, h, width, c] = spatialShape(x);
  const [, oh, ow, o] = spatialShape(y);
  return {
    [format.CONV_BATCH]: n,
    [format.CONV_IN_HEIGHT]: h,
    [format.CONV_IN_WIDTH]: width,
    [format.CONV_IN_CHANNELS]: c,
    [format.CONV_OUT_HEIGHT]: oh,
    [format.CONV_OUT_WIDTH]: ow,
    [format.CONV_OUT_CHANNELS]: o,
    [format.CONV_KERNEL_HEIGHT]: kernel[0],
    [format.CONV_KERNEL_WIDTH]: kernel[1],
    [format.CONV_STRIDE_HEIGHT]: stride[0],
    [format.CONV_STRIDE_WIDTH]: stride[1],
    [format.CONV_DILATION_HEIGHT]: dilation[0],
    [format.CONV_DILATION_WIDTH]: dilation[1],
    [format.CONV_PAD_TOP]: padBefore[0],
    [format.CONV_PAD_LEFT]: padBefore[1],
    [format.CONV_GROUPS]: groups,
  };
}

/** The kernel call of a convolution whose geometry is known; dense layers share it. */
export function accumulateCall(
  geometry: Readonly<Record<number, number>>,
  [x, w, b]: readonly [Value, Value, Value],
  y: Value,
  clamp: readonly [number, number],
  depthwise = false,
): KernelCall | undefined {
  if (x.type.dtype === 'float32' && w.type.dtype === 'int8') return dynamicCall(geometry, [x, w, b], clamp);
  if (x.type.dtype === 'int16') return int16Call(geometry, [x, w, b], y, clamp);
  const weights = depthwise ? depthwiseWeights(w) : w.name;
  if (x.type.dtype === 'float32') {
    const isHalf = w.type.dtype === 'float16';
    const opcode = depthwise
      ? [format.OPCODE_DEPTHWISE_FLOAT32, format.OPCODE_DEPTHWISE_FLOAT16]
      : [format.OPCODE_CONV2D_FLOAT32, format.OPCODE_CONV2D_FLOAT16];
    return {
      opcode: opcode[Number(isHalf)] as number,
      operands: [x.name, weights, b.name],
      parameters: parameterWords(format.CONV_FLOAT32_PARAMETERS, {
        ...geometry,
        [format.CONV_CLAMP_LOW_F32]: float32Bits(clamp[0]),
        [format.CONV_CLAMP_HIGH_F32]: float32Bits(clamp[1]),
      }),
    };
  }
  if (x.type.dtype !== 'int8' || y.type.dtype !== 'int8' || !x.type.quantization || !y.type.quantization) return undefined;
  const [low, high] = clampLimits(clamp, y.type.quantization);
  return {
    opcode: depthwise ? format.OPCODE_DEPTHWISE_INT8 : format.OPCODE_CONV2D_INT8,
    operands: [x.name, weights, foldInputZeroPoint(b, w, x.type.quantization.zeroPoint), requantizationMultipliers(x, w, y)],
    parameters: parameterWords(format.CONV_INT8_PARAMETERS, {
      ...geometry,
      [format.CONV_CLAMP_LOW]: low,
      [format.CONV_CLAMP_HIGH]: high,
      [format.CONV_INPUT_ZERO_POINT]: x.type.quantization.zeroPoint,
      [format.CONV_OUTPUT_ZERO_POINT]: y.type.quantization.zeroPoint,
    }),
  };
}

/** Float32 activations on int8 weights: the kernel quantizes them. */
function dynamicCall(
  geometry: Readonly<Record<number, number>>,
  [x, w, b]: readonly [Value, Value, Value],
  clamp: readonly [number, number],
): KernelCall {
  const channels = w.type.shape[0] as number;
  const scales = w.type.quantization?.scale ?? [];
  const data = Float32Array.from({ length: channels }, (_, o) => (scales.length === 1 ? scales[0] : scales[o]) as number);
  return {
    opcode: format.OPCODE_CONV2D_DYNAMIC,
    operands: [x.name, w.name, b.name, { name: `${w.name}.scales`, type: { dtype: 'float32', shape: [channels] }, data }],
    parameters: parameterWords(format.CONV_FLOAT32_PARAMETERS, {
      ...geometry,
      [format.CONV_CLAMP_LOW_F32]: float32Bits(clamp[0]),
      [format.CONV_CLAMP_HIGH_F32]: float32Bits(clamp[1]),
    }),
  };
}

/** int16 activations, symmetric: there is no zero point to fold into the bias. */
function int16Call(
  geometry: Readonly<Record<number, number>>,
  [x, w, b]: readonly [Value, Value, Value],
  y: Value,
  clamp: readonly [number, number],
): KernelCall | undefined {
  if (w.type.dtype !== 'int8' || y.type.dtype !== 'int16' || !y.type.quantization) return undefined;
  const [low, high] = clampLimits(clamp, y.type.quantization, -INT16_MAX, INT16_MAX);
  return {
    opcode: format.OPCODE_CONV2D_INT16,
    operands: [x.name, w.name, b.name, requantizationMultipliers(x, w, y)],
    parameters: parameterWords(format.CONV_INT8_PARAMETERS, {
      ...geometry,
      [format.CONV_CLAMP_LOW]: low,
      [format.CONV_CLAMP_HIGH]: high,
    }),
  };
}

/** Depthwise kernels run along the channels: [C, KH, KW, 1] as [KH, KW, C]. */
function depthwiseWeights(w: Value): Operand {
  const [c, kh, kw] = w.type.shape as [number, number, number];
  const constant = { type: { dtype: w.type.dtype, shape: [c, kh * kw] }, data: w.constant as Tensor['data'] };
  const [transposed] = Transpose.evaluate([constant], { permutation: [1, 0] }) as [Tensor];
  return { name: `${w.name}.channels-last`, type: { dtype: w.type.dtype, shape: [kh, kw, c] }, data: transposed.data };
}
