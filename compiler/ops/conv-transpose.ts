/**
 * ConvTranspose2d: x [N, H, W, C] · weights [O, KH, KW, C / groups] · bias [O] → y [N, OH, OW, O], where input pixel h
 * reaches the outputs h · stride + k · dilation - pad. A 1-D one has height 1 on [N, W, C]. It runs in float32 only.
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Node, type Tensor, type TensorType, type Value, type ValueName, valueOf } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { geometryWords, spatialShape, zeroBias } from './conv2d.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { float32Bits, type Op, type Operand, parameterWords } from './op.ts';
import { Reshape } from './reshape.ts';
import { Transpose } from './transpose.ts';
import { windowAttributes } from './window.ts';

type Pair = readonly [number, number];

export interface ConvTranspose2dAttributes {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padBefore: Pair;
  /** Height and width of y; what no input reaches holds the bias. */
  readonly output: Pair;
  readonly groups: number;
  /** Limits of a fused activation; -Infinity and Infinity when there is none. */
  readonly clamp: Pair;
}

/** What one spatial axis is made of. */
interface Axis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly outputPadding: number;
}

/** Extent of the full result, before padding cuts it. */
function fullExtent({ input, kernel, stride, dilation, outputPadding }: Axis): number {
  return stride * (input - 1) + outputPadding + (kernel - 1) * dilation + 1;
}

/** [padding before, output extent] for each axis, from pads, auto_pad and output_shape as ONNX Runtime reads them. */
function outputWindow(node: OnnxNode, axes: readonly Axis[]): [number, number][] {
  const autoPad = node.string('auto_pad', 'NOTSET');
  const pads = node.ints('pads') ?? axes.flatMap(() => [0, 0]);
  const outputShape = node.ints('output_shape')?.slice(-axes.length);
  return axes.map((axis, i) => {
    const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
    const wanted = outputShape?.[i] ?? (same ? axis.input * axis.stride : undefined);
    if (wanted === undefined) {
      const [before, after] = autoPad === 'VALID' ? [0, 0] : [pads[i] as number, pads[i + axes.length] as number];
      if (before < 0 || after < 0) throw node.unsupported(`negative pads [${pads}]`, 'pad or crop in a node of its own');
      return [before, fullExtent(axis) - before - after];
    }
    const total = Math.max(0, fullExtent(axis) - wanted);
    const before = autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    return [before, same && !outputShape ? fullExtent(axis) - total : wanted];
  });
}

/** ONNX weights [C, O / groups, …kernel] as [O, KH, KW, C / groups]. */
function importWeights(graph: GraphBuilder, weights: ValueName, groups: number): ValueName {
  const [c, og, ...kernel] = graph.shape(weights) as [number, number, ...number[]];
  const [kh, kw] = kernel.length === 1 ? [1, kernel[0] as number] : (kernel as [number, number]);
  const grouped = graph.addOne(Reshape, [weights], { shape: [groups, c / groups, og, kh, kw] });
  const ordered = graph.addOne(Transpose, [grouped], { permutation: [0, 2, 3, 4, 1] });
  return graph.addOne(Reshape, [ordered], { shape: [groups * og, kh, kw, c / groups] });
}

function importConvTranspose(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const weights = node.required(1);
  const [, , ...spatial] = graph.shape(x);
  const rank = spatial.length;
  if (rank !== 1 && rank !== 2) {
    throw node.unsupported(`input of rank ${rank + 2} [${graph.shape(x)}]`, 'only 1-D and 2-D transposed convolutions are supported');
  }
  if (!graph.constant(weights)) throw node.unsupported('the weights are computed at run time', 'export with constant weights');
  const groups = node.int('group', 1);
  const kernel = graph.shape(weights).slice(2);
  const one = (attribute: string, i: number, fallback: number) => node.ints(attribute)?.[i] ?? fallback;
  const axes = kernel.map(
    (extent, i): Axis => ({
      input: spatial[i] as number,
      kernel: extent,
      stride: one('strides', i, 1),
      dilation: one('dilations', i, 1),
      outputPadding: one('output_padding', i, 0),
    }),
  );
  const windows = outputWindow(node, axes);
  const pair = (values: readonly number[], height: number): Pair =>
    rank === 1 ? [height, values[0] as number] : (values as unknown as Pair);
  const attributes: ConvTranspose2dAttributes = {
    kernel: pair(kernel, 1),
    stride: pair(
      axes.map(({ stride }) => stride),
      1,
    ),
    dilation: pair(
      axes.map(({ dilation }) => dilation),
      1,
    ),
    padBefore: pair(
      windows.map(([before]) => before),
      0,
    ),
    output: pair(
      windows.map(([, extent]) => extent),
      1,
    ),
    groups,
    clamp: [-Infinity, Infinity],
  };
  const ordered = importWeights(graph, weights, groups);
  const bias = node.input(2) ?? graph.addConstant(zeroBias(graph.shape(ordered)[0] as number));
  const y = graph.addOne(ConvTranspose2d, [toChannelsLast(graph, x), ordered, bias], attributes);
  toChannelsFirst(graph, y, node.outputs[0]);
}

/** Weights as ONNX has them; see `importWeights`. */
function exportWeights({ inputs, attributes: { groups } }: Node<ConvTranspose2dAttributes>, writer: OnnxWriter, rank: number): string {
  const { name, type, constant } = valueOf(writer.graph, inputs[1] as ValueName);
  const [o, kh, kw, cg] = type.shape as [number, number, number, number];
  const grouped = { type: { dtype: type.dtype, shape: [groups, o / groups, kh, kw, cg] }, data: constant as Tensor['data'] };
  const [ordered] = Transpose.evaluate([grouped], { permutation: [0, 4, 1, 2, 3] }) as [Tensor];
  const shape = [groups * cg, o / groups, ...(rank === 3 ? [kh * kw] : [kh, kw])];
  return writer.constantOperand(name, { type: { dtype: type.dtype, shape }, data: ordered.data });
}

export const ConvTranspose2d: Op<ConvTranspose2dAttributes> = {
  name: 'ConvTranspose2d',

  onnx: { ConvTranspose: importConvTranspose },

  infer([x, w, b], { kernel, groups, output }) {
    const { dtype, shape } = x as TensorType;
    const [n, , , c] = spatialShape(shape);
    const [o, kh, kw, ic] = (w as TensorType).shape as [number, number, number, number];
    if (ic * groups !== c || o % groups !== 0 || kh !== kernel[0] || kw !== kernel[1]) {
      throw new Error(`weights [${(w as TensorType).shape}] with ${groups} groups do not fit the input [${shape}]`);
    }
    if (elementCount((b as TensorType).shape) !== o) throw new Error(`bias [${(b as TensorType).shape}] does not fit ${o} output channels`);
    if (output[0] < 1 || output[1] < 1) throw new Error(`the padding leaves no output: [${output}]`);
    return [{ dtype, shape: shape.length === 3 ? [n, output[1], o] : [n, ...output, o] }];
  },

  evaluate([x, w, b], attributes) {
    const [input, weights, bias] = [x as Tensor, w as Tensor, b as Tensor];
    const [type] = ConvTranspose2d.infer([input.type, weights.type, bias.type], attributes) as [TensorType];
    const [n, h, width, c] = spatialShape(input.type.shape);
    const [, oh, ow, o] = spatialShape(type.shape);
    const [, kh, kw, ic] = weights.type.shape as [number, number, number, number];
    const { stride, dilation, padBefore, groups, clamp } = attributes;
    const sums = Float64Array.from({ length: elementCount(type.shape) }, (_, i) => bias.data[i % o] as number);
    for (let pixel = 0; pixel < n * h * width; pixel++) {
      const [batch, row, column] = [Math.floor(pixel / (h * width)), Math.floor(pixel / width) % h, pixel % width];
      for (let i = 0; i < kh; i++)
        for (let j = 0; j < kw; j++) {
          const y = row * stride[0] + i * dilation[0] - padBefore[0];
          const xx = column * stride[1] + j * dilation[1] - padBefore[1];
          if (y < 0 || y >= oh || xx < 0 || xx >= ow) continue;
          for (let oc = 0; oc < o; oc++) {
            const from = pixel * c + Math.floor(oc / (o / groups)) * ic;
            const to = ((batch * oh + y) * ow + xx) * o + oc;
            const tap = ((oc * kh + i) * kw + j) * ic;
            for (let k = 0; k < ic; k++)
              sums[to] = (sums[to] as number) + (input.data[from + k] as number) * (weights.data[tap + k] as number);
          }
        }
    }
    return [{ type, data: Float32Array.from(sums, (sum) => Math.min(Math.max(sum, clamp[0]), clamp[1])) }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const { attributes } = node;
    const { groups, padBefore, output, clamp } = attributes;
    const rank = writer.inputShape(node, 0).length;
    const [, h, w] = spatialShape(writer.inputShape(node, 0));
    const full = ([h, w] as const).map((input, i) =>
      fullExtent({
        input,
        kernel: attributes.kernel[i] as number,
        stride: attributes.stride[i] as number,
        dilation: attributes.dilation[i] as number,
        outputPadding: 0,
      }),
    );
    // What lacks at the end is added there as output_padding; what is too much is cut by the padding.
    const rest = full.map((extent, i) => extent - (padBefore[i] as number) - (output[i] as number)) as [number, number];
    const { pads, ...window } = windowAttributes({ ...attributes, padAfter: [Math.max(0, rest[0]), Math.max(0, rest[1])] }, rank);
    const y = writer.emit(
      'ConvTranspose',
      [writer.input(node, 0, 'channels-first'), exportWeights(node, writer, rank), writer.input(node, 2)],
      {
        ...window,
        pads: pads as number[],
        group: groups,
        output_padding: rest.map((extent) => Math.max(0, -extent)).slice(rank === 3 ? 1 : 0),
      },
    );
    writer.output(node, writer.clamped(y, clamp), 'channels-first');
  },

  kernel(node, { inputs: [x, w, b], outputs: [y] }) {
    if (x?.type.dtype !== 'float32') return undefined;
    const { clamp } = node.attributes;
    return {
      opcode: format.OPCODE_CONV_TRANSPOSE_FLOAT32,
      operands: [x.name, kernelWeights(w as Value), (b as Value).name],
      parameters: parameterWords(format.CONV_FLOAT32_PARAMETERS, {
        ...geometryWords(x.type.shape, (y as Value).type.shape, node.attributes),
        [format.CONV_CLAMP_LOW_F32]: float32Bits(clamp[0]),
        [format.CONV_CLAMP_HIGH_F32]: float32Bits(clamp[1]),
      }),
    };
  },
};

/** The kernel runs along the output channels: [KH, KW, C / groups, O]. */
function kernelWeights(w: Value): Operand {
  const constant = { type: { dtype: w.type.dtype, shape: w.type.shape }, data: w.constant as Tensor['data'] };
  const [ordered] = Transpose.evaluate([constant], { permutation: [1, 2, 3, 0] }) as [Tensor];
  return { name: `${w.name}.output-channels-last`, ...ordered };
}
