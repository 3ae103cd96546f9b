import { expect, test } from 'vitest';
import type { PlannedStep, PlannedTensor } from '../../../compiler/plan/plan.ts';
import { promiseWeights } from '../../../compiler/plan/weight-promises.ts';
import * as format from '../../../runtime-as/format.ts';

function weights(...integers: number[]): PlannedTensor {
  return { name: 'w', type: { dtype: 'int8', shape: [integers.length] }, offset: 0, constant: Int8Array.from(integers) };
}

/** A step that reads tensor `index` as the weights of so many channels. */
function step(opcode: number, index: number, channels: number): PlannedStep & { parameters: number[] } {
  const parameters = new Array<number>(format.CONV_INT8_PARAMETERS).fill(1);
  parameters[format.CONV_OUT_CHANNELS] = channels;
  return { node: 'n', opcode, operands: [9, index, 9, 9, 9], parameters };
}

/** Whether the tensor is promised to be so. */
function holds(promise: number, tensor: PlannedTensor, steps: readonly PlannedStep[]): boolean {
  return ((promiseWeights([tensor], steps)[0]?.promises ?? 0) & promise) !== 0;
}

// Of a row of eight, 0, 1, 4 and 5 are a quad; as two rows of four, 0 and 1.
const quad = weights(100, 0, 0, 0, 29, 0, 0, 0);

const window = step(format.OPCODE_DEPTHWISE_INT8, 0, 1);
window.parameters[format.CONV_KERNEL_HEIGHT] = 3;
window.parameters[format.CONV_KERNEL_WIDTH] = 3;

test.for([
  ['fit', [step(format.OPCODE_CONV2D_INT8, 0, 1)], weights(100, 0, 90, 0, 28, -127, 0, 0), true],
  ['a quad above 128', [step(format.OPCODE_CONV2D_INT8, 0, 1)], quad, false],
  ['the same bytes in shorter rows', [step(format.OPCODE_CONV2D_INT8, 0, 2)], quad, true],
  [
    'read by two layers, of which one has longer rows',
    [step(format.OPCODE_CONV2D_INT8, 0, 2), step(format.OPCODE_CONV2D_INT8, 0, 1)],
    quad,
    false,
  ],
  ['in the other order', [step(format.OPCODE_CONV2D_INT8, 0, 1), step(format.OPCODE_CONV2D_INT8, 0, 2)], quad, false],
  ['of a depthwise layer whose windows are not 3x3', [step(format.OPCODE_DEPTHWISE_INT8, 0, 1)], weights(1), false],
  ['of depthwise windows', [window], weights(100, 0, -127, 127, 1, 2, 28, 127, -1), true],
  ['of depthwise windows with a column above 128', [window], weights(100, 0, -127, 127, 1, 2, 28, 127, -2), false],
] as const)('weights %s', ([, steps, tensor, fits]) => {
  expect(holds(format.TENSOR_FITS_QUADS, tensor, steps)).toBe(fits);
});

test.for([
  ['of a convolution, without -128', format.OPCODE_CONV2D_INT8, [127, -127], true],
  ['with it', format.OPCODE_CONV2D_INT8, [127, -128], false],
  ['of a depthwise layer', format.OPCODE_DEPTHWISE_INT8, [127, -127], true],
  ['of a depthwise layer with it', format.OPCODE_DEPTHWISE_INT8, [127, -128], false],
] as const)('symmetric weights: %s', ([, opcode, integers, isSymmetric]) => {
  expect(holds(format.TENSOR_IS_SYMMETRIC, weights(...integers), [step(opcode, 0, 1)])).toBe(isSymmetric);
});
