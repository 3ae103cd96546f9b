/**
 * Dense: x [..., K] · weights [N, K] + bias [N] → y [..., N]. It runs on the convolution kernels as a 1x1 convolution over
 * an image of height 1 whose width counts the rows of x.
 */
import * as format from '../../runtime-as/format.ts';
import { constantOf, elementCount, type Tensor, type TensorType, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { accumulateCall, biasOperand, zeroBias } from './conv2d.ts';
import { dequantizeInput } from './dequantize.ts';
import { isDynamic, writeDynamicDense } from './dynamic-onnx.ts';
import { type ElementwiseAttributes, unclamped } from './elementwise.ts';
import { Expand } from './expand.ts';
import { layerNumbers } from './layer-numbers.ts';
import { MatMul } from './matmul.ts';
import { multiplyValues } from './mul.ts';
import type { Op } from './op.ts';
import { quantizeOutput } from './quantize.ts';
import { Reshape } from './reshape.ts';
import { broadcastShapes } from './strides.ts';
import { Transpose } from './transpose.ts';

function transposed(graph: GraphBuilder, matrix: ValueName): ValueName {
  return graph.addOne(Transpose, [matrix], { permutation: [1, 0] });
}

/** The operand times Gemm's alpha or beta. */
function scaled(graph: GraphBuilder, name: ValueName, factor: number): ValueName {
  return factor === 1 ? name : multiplyValues(graph, name, graph.scalar(factor));
}

/** Gemm's C as a bias [N]; undefined when it differs from row to row or is computed at run time. */
function channelBias(c: Tensor | undefined, channels: number, beta: number): Tensor | undefined {
  if (!c || (elementCount(c.type.shape) !== 1 && elementCount(c.type.shape) !== channels)) return undefined;
  if (elementCount(c.type.shape) !== 1 && c.type.shape.at(-1) !== channels) return undefined;
  const data = Float32Array.from({ length: channels }, (_, i) => (c.data[c.data.length === 1 ? 0 : i] as number) * beta);
  return { type: { ...c.type, shape: [channels] }, data };
}

function importGemm(node: OnnxNode, graph: GraphBuilder): void {
  const operand = (index: number, transpose: string) => {
    const name = node.required(index);
    if (graph.shape(name).length !== 2)
      throw node.unsupported(`input ${index} has shape [${graph.shape(name)}]`, 'Gemm takes matrices only');
    return node.int(transpose, 0) ? transposed(graph, name) : name;
  };
  const alpha = node.float('alpha', 1);
  const beta = node.float('beta', 1);
  let a = operand(0, 'transA');
  let b = operand(1, 'transB');
  if (graph.constant(a)) a = scaled(graph, a, alpha);
  else b = scaled(graph, b, alpha);
  const channels = graph.shape(b)[1] as number;
  const c = node.input(2);
  const bias = channelBias(graph.constant(c), channels, beta);
  const product = (named: { output?: ValueName }, withBias: boolean) => {
    if (!graph.constant(b)) return graph.addOne(MatMul, [a, b], {}, named);
    const inputs = [a, transposed(graph, b), graph.addConstant((withBias && bias) || zeroBias(channels))];
    return graph.addOne(Dense, inputs, unclamped, named);
  };
  const [output] = node.outputs as [ValueName];
  if (!c || (bias && graph.constant(b))) product({ output }, true);
  else graph.addOne(Add, [product({}, false), scaled(graph, c, beta)], unclamped, { output });
}

/** numpy's matmul: a Dense layer for a constant right matrix, else MatMul; the axis of a [K] operand is not in the result. */
export function multiply(graph: GraphBuilder, a: ValueName, b: ValueName, output?: ValueName): ValueName {
  const [left, right] = [graph.shape(a), graph.shape(b)];
  const named = output ? { output } : {};
  if (left.length < 1 || right.length < 1) throw new Error(`[${left}] and [${right}] cannot be multiplied: MatMul takes no scalars`);
  if (graph.constant(b) && right.length === 2)
    return graph.addOne(Dense, [a, transposed(graph, b), noBias(graph, right[1])], unclamped, named);
  const rows = left.length === 1 ? graph.addOne(Reshape, [a], { shape: [1, ...left] }) : a;
  const columns = right.length === 1 ? graph.addOne(Reshape, [b], { shape: [...right, 1] }) : b;
  const isVector = left.length === 1 || right.length === 1;
  const y = multiplyMatrices(graph, rows, columns, isVector ? {} : named);
  if (!isVector) return y;
  const shape = graph
    .shape(y)
    .filter((_, i, { length }) => !(left.length === 1 && i === length - 2) && !(right.length === 1 && i === length - 1));
  return graph.addOne(Reshape, [y], { shape }, named);
}

function multiplyMatrices(graph: GraphBuilder, a: ValueName, b: ValueName, named: { output?: ValueName }): ValueName {
  if (graph.constant(b) && graph.shape(b).length === 2) return multiply(graph, a, b, named.output);
  const batch = broadcastShapes(graph.shape(a).slice(0, -2), graph.shape(b).slice(0, -2));
  return graph.addOne(MatMul, [repeatBatch(graph, a, batch), repeatBatch(graph, b, batch)], {}, named);
}

/** The kernel takes one matrix for all of the batch, or one for each; an operand that repeats along some axes only is expanded. */
function repeatBatch(graph: GraphBuilder, x: ValueName, batch: readonly number[]): ValueName {
  const shape = graph.shape(x);
  const count = elementCount(shape.slice(0, -2));
  if (count === 1 || count === elementCount(batch)) return x;
  return graph.addOne(Expand, [x], { shape: [...batch, ...shape.slice(-2)] });
}

function noBias(graph: GraphBuilder, channels: number | undefined): ValueName {
  return graph.addConstant(zeroBias(channels as number));
}

/** y = quantize(dequantize(a) · dequantize(b)). */
function importQLinearMatMul(node: OnnxNode, graph: GraphBuilder): void {
  const columns = Math.max(0, graph.shape(node.required(3)).length - 1);
  const y = multiply(graph, dequantizeInput(node, graph, 0, 1), dequantizeInput(node, graph, 3, columns));
  quantizeOutput(node, graph, y, 6);
}

export const Dense: Op<ElementwiseAttributes> = {
  name: 'Dense',

  onnx: {
    Gemm: importGemm,
    MatMul(node, graph) {
      multiply(graph, node.required(0), node.required(1), node.outputs[0]);
    },
    QLinearMatMul: importQLinearMatMul,
  },

  infer([x, w, b]) {
    const { dtype, shape } = x as TensorType;
    const [n, k] = (w as TensorType).shape as [number, number];
    if ((w as TensorType).shape.length !== 2 || shape.length < 1 || shape.at(-1) !== k) {
      throw new Error(`weights [${(w as TensorType).shape}] do not fit the input [${shape}]`);
    }
    if (elementCount((b as TensorType).shape) !== n) throw new Error(`bias [${(b as TensorType).shape}] does not fit ${n} output channels`);
    return [{ dtype, shape: [...shape.slice(0, -1), n] }];
  },

  evaluate([x, w, b], { clamp }) {
    const input = x as Tensor;
    const weights = w as Tensor;
    const [type] = Dense.infer([input.type, weights.type, (b as Tensor).type], { clamp }) as [TensorType];
    const [n, k] = weights.type.shape as [number, number];
    const numbers = layerNumbers([input, weights, b as Tensor], clamp);
    const data = Float32Array.from({ length: elementCount(type.shape) }, (_, at) => {
      const channel = at % n;
      const from = ((at - channel) / n) * k;
      let sum = numbers.bias[channel] as number;
      for (let i = 0; i < k; i++) sum += (numbers.input[from + i] as number) * (numbers.weights[channel * k + i] as number);
      return numbers.finish(sum, channel);
    });
    return [{ type, data }];
  },

  quantize: { kind: 'accumulate', weightAxis: () => 0 },

  toOnnx(node, writer) {
    if (isDynamic(node, writer)) return writeDynamicDense(node, writer);
    const w = node.inputs[1] as ValueName;
    const bias = biasOperand(node, writer);
    // Gemm takes matrices only; for others the weights are transposed once and for all.
    const y =
      writer.inputShape(node, 0).length === 2
        ? writer.emit('Gemm', [writer.input(node, 0), writer.operand(w), bias], { transB: 1 })
        : writer.emit('Add', [
            writer.emit('MatMul', [writer.input(node, 0), writer.constantOperand(w, constantOf(writer.graph, w) as Tensor, [1, 0])]),
            bias,
          ]);
    writer.output(node, writer.clamped(y, node.attributes.clamp));
  },

  kernel(node, { inputs: [x, w, b], outputs: [y] }) {
    const [n, k] = (w as Value).type.shape as [number, number];
    const rows = elementCount((x as Value).type.shape) / k;
    const geometry = {
      [format.CONV_BATCH]: 1,
      [format.CONV_IN_HEIGHT]: 1,
      [format.CONV_IN_WIDTH]: rows,
      [format.CONV_IN_CHANNELS]: k,
      [format.CONV_OUT_HEIGHT]: 1,
      [format.CONV_OUT_WIDTH]: rows,
      [format.CONV_OUT_CHANNELS]: n,
      [format.CONV_KERNEL_HEIGHT]: 1,
      [format.CONV_KERNEL_WIDTH]: 1,
      [format.CONV_STRIDE_HEIGHT]: 1,
      [format.CONV_STRIDE_WIDTH]: 1,
      [format.CONV_DILATION_HEIGHT]: 1,
      [format.CONV_DILATION_WIDTH]: 1,
      [format.CONV_GROUPS]: 1,
    };
    return accumulateCall(geometry, [x as Value, w as Value, b as Value], y as Value, node.attributes.clamp);
  },
};
