/** The one list of operators. */
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { ArgMax } from './argmax.ts';
import { AveragePool } from './average-pool.ts';
import { BatchNormalization } from './batch-normalization.ts';
import { Cast } from './cast.ts';
import { Clip } from './clip.ts';
import { Compare } from './compare.ts';
import { Concat } from './concat.ts';
import { Constant } from './constant.ts';
import { ConvTranspose2d } from './conv-transpose.ts';
import { Conv2d } from './conv2d.ts';
import { Dense } from './dense.ts';
import { DepthToSpace } from './depth-to-space.ts';
import { Dequantize } from './dequantize.ts';
import { Div } from './div.ts';
import { Expand } from './expand.ts';
import { Gather } from './gather.ts';
import { Identity } from './identity.ts';
import { InstanceNorm } from './instance-normalization.ts';
import { IntegerLayers } from './integer-onnx.ts';
import { LayerNorm } from './layer-normalization.ts';
import { Lrn } from './lrn.ts';
import { MatMul } from './matmul.ts';
import { Max } from './max.ts';
import { MaxPool } from './max-pool.ts';
import { Min } from './min.ts';
import { Mul } from './mul.ts';
import type { OnnxImporter, Op } from './op.ts';
import { Pad } from './pad.ts';
import { Pow } from './pow.ts';
import { PRelu } from './prelu.ts';
import { Quantize } from './quantize.ts';
import { Reduce, ReduceExtreme } from './reduce.ts';
import { Requantize } from './requantize.ts';
import { Reshape } from './reshape.ts';
import { Resize } from './resize.ts';
import { Shape } from './shape.ts';
import { Slice } from './slice.ts';
import { LogSoftmax, Softmax } from './softmax.ts';
import { Sub } from './sub.ts';
import { Tile } from './tile.ts';
import { Transpose } from './transpose.ts';
import { Unary } from './unary.ts';
import { Where } from './where.ts';

export const operators: readonly Op[] = [
  Add,
  ArgMax,
  AveragePool,
  Cast,
  Compare,
  Concat,
  Conv2d,
  ConvTranspose2d,
  Dense,
  Dequantize,
  Div,
  Expand,
  Gather,
  InstanceNorm,
  LayerNorm,
  LogSoftmax,
  Lrn,
  MatMul,
  Max,
  MaxPool,
  Min,
  Mul,
  PRelu,
  Pad,
  Pow,
  Quantize,
  Reduce,
  ReduceExtreme,
  Requantize,
  Reshape,
  Resize,
  Slice,
  Softmax,
  Sub,
  Tile,
  Transpose,
  Unary,
  Where,
];

/** ONNX operators that leave no node of their own: they fold, rename, or become nodes of other operators. */
const importers: readonly OnnxImporter[] = [BatchNormalization, Clip, Constant, DepthToSpace, Identity, IntegerLayers, Shape];

/** ONNX operator type → what imports it. */
export const onnxImporters: ReadonlyMap<string, (node: OnnxNode, graph: GraphBuilder) => void> = new Map(
  [...operators, ...importers].flatMap(({ onnx }) => Object.entries(onnx)),
);
