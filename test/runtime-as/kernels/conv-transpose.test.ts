import { describe, expect, test } from 'vitest';
import { float32Bits } from '../../../compiler/ops/op.ts';
import * as format from '../../../runtime-as/format.ts';
import { variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

const valid: StepCase = {
  opcode: format.OPCODE_CONV_TRANSPOSE_FLOAT32,
  operands: [
    { type: { dtype: 'float32', shape: [1, 3, 4, 6] } },
    { type: { dtype: 'float32', shape: [2, 3, 3, 10] } },
    { type: { dtype: 'float32', shape: [10] } },
  ],
  output: { dtype: 'float32', shape: [1, 6, 9, 10] },
  parameters: [1, 3, 4, 6, 6, 9, 10, 2, 3, 2, 2, 1, 1, 0, 0, 2, float32Bits(-Infinity), float32Bits(Infinity)],
};

describe.each(variants)('CONV_TRANSPOSE_FLOAT32 %s', (variant) => {
  test('refuses operands that do not hold the extents', async () => {
    expect(await loadStep(valid, variant)).toBeDefined();
    expect(await loadStep({ ...valid, output: { dtype: 'float32', shape: [1, 6, 8, 10] } }, variant)).toBeUndefined();
    expect(await loadStep({ ...valid, operands: valid.operands.slice(1) }, variant)).toBeUndefined();
  });

  test('no damaged word makes it trap', async () => {
    await expectSurvivesDamagedWords(stepModel(valid), 1, 150, variant);
  });
});
