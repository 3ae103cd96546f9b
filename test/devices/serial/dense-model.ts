/** A small int8 model of one fully connected layer with random weights. */
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import type { PlannedTensor } from '../../../compiler/plan/plan.ts';
import * as format from '../../../runtime-as/format.ts';
import { createRandom } from './random.ts';

export interface DenseModel {
  readonly inputs: number;
  readonly outputs: number;
  readonly seed: number;
  readonly inputScale?: number;
  readonly inputZeroPoint?: number;
  readonly outputScale?: number;
  readonly outputZeroPoint?: number;
}

export function denseModel({ inputs, outputs, seed, ...options }: DenseModel): Uint8Array {
  const { inputScale = 1 / 255, inputZeroPoint = -128, outputScale = 1 / 64, outputZeroPoint = 3 } = options;
  const random = createRandom(seed);
  const weights = Int8Array.from({ length: inputs * outputs }, () => Math.floor(random() * 255) - 127);
  const sums = Array.from({ length: outputs }, (_, o) => weights.subarray(o * inputs, (o + 1) * inputs).reduce((sum, w) => sum + w, 0));
  const bias = Int32Array.from(sums, (sum) => Math.floor((random() - 0.5) * 4000) - inputZeroPoint * sum);
  const multipliers = Float32Array.from({ length: outputs }, () => (0.5 + random()) / (40 * Math.sqrt(inputs)));
  const tensors: PlannedTensor[] = [
    { name: 'x', type: { dtype: 'int8', shape: [1, inputs] }, offset: 0 },
    { name: 'w', type: { dtype: 'int8', shape: [outputs, inputs] }, constant: weights, offset: 0 },
    { name: 'b', type: { dtype: 'int32', shape: [outputs] }, constant: bias, offset: 0 },
    { name: 'm', type: { dtype: 'float32', shape: [outputs] }, constant: multipliers, offset: 0 },
    { name: 'y', type: { dtype: 'int8', shape: [1, outputs] }, offset: Math.ceil(inputs / 16) * 16 },
  ];
  const parameters = new Array<number>(format.CONV_INT8_PARAMETERS).fill(1);
  parameters[format.CONV_IN_CHANNELS] = inputs;
  parameters[format.CONV_OUT_CHANNELS] = outputs;
  parameters[format.CONV_PAD_TOP] = 0;
  parameters[format.CONV_PAD_LEFT] = 0;
  parameters[format.CONV_CLAMP_LOW] = -128;
  parameters[format.CONV_CLAMP_HIGH] = 127;
  parameters[format.CONV_INPUT_ZERO_POINT] = inputZeroPoint;
  parameters[format.CONV_OUTPUT_ZERO_POINT] = outputZeroPoint;
  const arenaBytes = Math.ceil(inputs / 16) * 16 + Math.ceil(outputs / 16) * 16;
  const step = { node: 'dense', opcode: format.OPCODE_CONV2D_INT8, operands: [0, 1, 2, 3, 4], parameters };
  const plan = { tensors, steps: [step], inputs: [0], outputs: [4], arenaBytes, arenaLowerBound: arenaBytes, lifetimes: [] };
  const bytes = writePackedModel(plan, {
    name: `dense-${seed}`,
    inputs: [{ name: 'x', dtype: 'int8', shape: [1, inputs], scale: inputScale, zeroPoint: inputZeroPoint }],
    outputs: [{ name: 'y', dtype: 'int8', shape: [1, outputs], scale: outputScale, zeroPoint: outputZeroPoint }],
    steps: ['dense'],
  });
  readPackedModel(bytes);
  return bytes;
}
