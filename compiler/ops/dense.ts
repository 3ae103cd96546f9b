/**
 * Dense: x [..., K] · weights [N, K] + bias [N] → y [..., N]. It runs on the convolution kernels as a 1x1 convolution over
 * an image of height 1 whose width counts the rows of x.
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { accumulateCall, zeroBias } from './conv2d.ts';
import { dequantizeInput } from './dequantize.ts';
import { type ElementwiseAttributes, unclamped } from './elementwise.ts';
import type { Op } from './op.ts';
import { quantizeOutput } from './quantize.ts';
import { Reshape } from './reshape.ts';
import { Transpose } from './transpose.ts';

function transposed(graph: GraphBuilder, matrix: ValueName): ValueName {
  return graph.addOne(Transpose, [matrix], { permutation: [1, 0] });
}

/** Gemm's alpha and beta are known, so they go into a constant. */
function scaled(node: OnnxNode, graph: GraphBuilder, name: ValueName, factor: number): ValueName {
  if (factor === 1) return name;
  const constant = graph.constant(name);
  if (!constant) throw node.unsupported(`a factor ${factor} on "${name}", which is computed at run time`, 'export with alpha and beta 1');
  const { dtype, shape } = constant.type;
  return graph.addConstant({ type: { dtype, shape }, data: Float32Array.from(constant.data, (value) => value * factor) });
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
  const a = operand(0, 'transA');
  const b = scaled(node, graph, operand(1, 'transB'), alpha);
  if (!graph.constant(b)) throw node.unsupported('both matrices are computed at run time', 'use MatMul');
  const channels = graph.shape(b)[1] as number;
  const c = node.input(2);
  const bias = channelBias(graph.constant(c), channels, beta);
  const rest = c && !bias ? scaled(node, graph, c, beta) : undefined;
  const inputs = [a, transposed(graph, b), graph.addConstant(bias ?? zeroBias(channels))];
  const [output] = node.outputs as [ValueName];
  if (rest === undefined) graph.addOne(Dense, inputs, unclamped, { output });
  else graph.addOne(Add, [graph.addOne(Dense, inputs, unclamped), rest], unclamped, { output });
}

/** numpy's matmul; [K] operands lose their axis in the result. */
function multiply(node: OnnxNode, graph: GraphBuilder, a: ValueName, b: ValueName, output?: ValueName): ValueName {
  const shape = graph.shape(b);
  const named = output ? { output } : {};
  if (!graph.constant(b) || shape.length > 2)
    throw node.unsupported('both matrices are computed at run time', 'use a constant right operand');
  const [k, n] = shape.length === 2 ? (shape as [number, number]) : [shape[0] as number, 1];
  const weights = shape.length === 2 ? transposed(graph, b) : graph.addOne(Reshape, [b], { shape: [1, k] });
  const inputs = [a, weights, graph.addConstant(zeroBias(n))];
  if (shape.length === 2) return graph.addOne(Dense, inputs, unclamped, named);
  return graph.addOne(Reshape, [graph.addOne(Dense, inputs, unclamped)], { shape: graph.shape(a).slice(0, -1) }, named);
}

/** y = quantize(dequantize(a) · dequantize(b)). */
function importQLinearMatMul(node: OnnxNode, graph: GraphBuilder): void {
  const columns = Math.max(0, graph.shape(node.required(3)).length - 1);
  const y = multiply(node, graph, dequantizeInput(node, graph, 0, 1), dequantizeInput(node, graph, 3, columns));
  quantizeOutput(node, graph, y, 6);
}

export const Dense: Op<ElementwiseAttributes> = {
  name: 'Dense',

  onnx: {
    Gemm: importGemm,
    MatMul(node, graph) {
      multiply(node, graph, node.required(0), node.required(1), node.outputs[0]);
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
    const data = Float32Array.from({ length: elementCount(type.shape) }, (_, at) => {
      const channel = at % n;
      const from = ((at - channel) / n) * k;
      let sum = (b as Tensor).data[channel] as number;
      for (let i = 0; i < k; i++) sum += (input.data[from + i] as number) * (weights.data[channel * k + i] as number);
      return Math.min(Math.max(sum, clamp[0]), clamp[1]);
    });
    return [{ type, data }];
  },

  quantize: { kind: 'accumulate', weightAxis: () => 0 },

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
