/**
 * ONNX BatchNormalization at inference: one Mul and one Add per channel. The passes fold them into the convolution or
 * Dense layer in front or behind (passes/fuse-affine.ts, passes/fuse-affine-forward.ts); else they stay what they are.
 */
import { type Tensor, tensor, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { unclamped } from './elementwise.ts';
import { Mul } from './mul.ts';
import type { OnnxImporter } from './op.ts';

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with channels along axis 1. */
function importBatchNormalization(node: OnnxNode, graph: GraphBuilder): void {
  if (node.int('training_mode', 0) !== 0 || node.outputs.slice(1).some((name) => name)) {
    throw node.unsupported('it is in training mode', 'export the model in evaluation mode (torch: model.eval())');
  }
  if (node.int('spatial', 1) !== 1) throw node.unsupported('spatial is 0', 'export with statistics per channel');
  const x = node.required(0);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => {
    const constant = graph.constant(node.required(index));
    if (!constant) throw node.unsupported(`input ${index} is computed at run time`, 'export in evaluation mode, with constant statistics');
    return constant;
  }) as [Tensor, Tensor, Tensor, Tensor];
  const shape = graph.shape(x);
  const channels = shape[1] ?? 1;
  for (const { type } of [gamma, beta, mean, variance]) {
    if (type.shape.length !== 1 || type.shape[0] !== channels)
      throw new Error(`statistics of shape [${type.shape}] do not fit ${channels} channels of [${shape}]`);
  }
  const at = ({ data }: Tensor, channel: number) => data[channel] as number;
  const epsilon = node.float('epsilon', 1e-5);
  const scale = Array.from({ length: channels }, (_, c) => at(gamma, c) / Math.sqrt(at(variance, c) + epsilon));
  const shift = scale.map((factor, c) => at(beta, c) - at(mean, c) * factor);
  const perChannel = (data: readonly number[]) => graph.addConstant(tensor('float32', [channels, ...shape.slice(2).map(() => 1)], data));
  const scaled = graph.addOne(Mul, [x, perChannel(scale)], unclamped);
  graph.addOne(Add, [scaled, perChannel(shift)], unclamped, { output: node.outputs[0] as ValueName });
}

export const BatchNormalization: OnnxImporter = { onnx: { BatchNormalization: importBatchNormalization } };
