import { expect, test } from 'vitest';
import { markFittingWeights } from '../../../compiler/plan/fitting-weights.ts';
import type { PlannedStep, PlannedTensor } from '../../../compiler/plan/plan.ts';
import * as format from '../../../runtime-as/format.ts';

function weights(...integers: number[]): PlannedTensor {
  return { name: 'w', type: { dtype: 'int8', shape: [integers.length] }, offset: 0, constant: Int8Array.from(integers) };
}

/** A step that reads tensor `index` as the weights of so many channels. */
function step(opcode: number, index: number, channels: number): PlannedStep {
  const parameters = new Array<number>(format.CONV_INT8_PARAMETERS).fill(1);
  parameters[format.CONV_OUT_CHANNELS] = channels;
  return { node: 'n', opcode, operands: [9, index, 9, 9, 9], parameters };
}

// Of a row of eight, 0, 1, 4 and 5 are a quad; as two rows of four, 0 and 1.
const quad = weights(100, 0, 0, 0, 29, 0, 0, 0);

test.for([
  ['fit', [step(format.OPCODE_CONV2D_INT8, 0, 1)], weights(100, 0, 90, 0, 28, -127, 0, 0), true],
  ['a quad above 128', [step(format.OPCODE_CONV2D_INT8, 0, 1)], quad, undefined],
  ['the same bytes in shorter rows', [step(format.OPCODE_CONV2D_INT8, 0, 2)], quad, true],
  [
    'read by two layers, of which one has longer rows',
    [step(format.OPCODE_CONV2D_INT8, 0, 2), step(format.OPCODE_CONV2D_INT8, 0, 1)],
    quad,
    undefined,
  ],
  ['in the other order', [step(format.OPCODE_CONV2D_INT8, 0, 1), step(format.OPCODE_CONV2D_INT8, 0, 2)], quad, undefined],
  ['of a depthwise layer', [step(format.OPCODE_DEPTHWISE_INT8, 0, 1)], weights(1), undefined],
] as const)('weights %s', ([, steps, tensor, fits]) => {
  expect(markFittingWeights([tensor], steps)[0]?.fitsQuads).toBe(fits);
});

test.for([
  ['of a convolution, without -128', format.OPCODE_CONV2D_INT8, [127, -127], true],
  ['with it', format.OPCODE_CONV2D_INT8, [127, -128], undefined],
  ['of a depthwise layer', format.OPCODE_DEPTHWISE_INT8, [1, -1], undefined],
] as const)('symmetric weights: %s', ([, opcode, integers, isSymmetric]) => {
  expect(markFittingWeights([weights(...integers)], [step(opcode, 0, 1)])[0]?.isSymmetric).toBe(isSymmetric);
});
