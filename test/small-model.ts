/** A packed model for tests of what comes behind the compiler: x [1, 6, 6, 3] → convolution → ReLU → y [1, 4, 4, 5], float32. */
import type { Graph } from '../compiler/graph.ts';
import { GraphBuilder } from '../compiler/onnx/builder.ts';
import { Conv2d } from '../compiler/ops/conv2d.ts';
import { Unary } from '../compiler/ops/unary.ts';
import type { PackedMetadata } from '../compiler/packed/metadata.ts';
import { writePackedModel } from '../compiler/packed/write.ts';
import { planExecution } from '../compiler/plan/plan.ts';
import { verify } from '../compiler/verify.ts';
import { randomTensor } from './compiler/ops/op-case.ts';

/** @param seed of the convolution's weights */
export function smallGraph(seed = 1): Graph {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 6, 6, 3] });
  const weights = builder.addConstant(randomTensor([5, 3, 3, 3], seed), 'weights');
  const bias = builder.addConstant(randomTensor([5], 2), 'bias');
  const window = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0] } as const;
  const convolved = builder.addOne(Conv2d, ['x', weights, bias], { ...window, groups: 1, clamp: [-Infinity, Infinity] });
  const y = builder.addOne(Unary, [convolved], { function: 'Relu', alpha: 0, beta: 0 }, { output: 'y' });
  return verify(builder.build('small', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]), 'test');
}

export const smallMetadata: PackedMetadata = {
  name: 'small',
  inputs: [{ name: 'x', dtype: 'float32', shape: [1, 6, 6, 3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1, 4, 4, 5] }],
  steps: ['Conv2d', 'Unary'],
  preprocess: { offset: -128, scale: 1 / 64 },
};

export function smallModel(seed = 1): Uint8Array {
  return writePackedModel(planExecution(smallGraph(seed)), smallMetadata);
}
