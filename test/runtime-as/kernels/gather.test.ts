import { describe, expect, test } from 'vitest';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, stepModel } from './step-case.ts';

const gather = {
  opcode: format.OPCODE_GATHER,
  operands: [{ type: { dtype: 'float32', shape: [2, 5, 3] } }, { type: { dtype: 'int32', shape: [4] } }],
  output: { dtype: 'float32', shape: [2, 4, 3] },
  parameters: [2, 5, 12],
} as const;

const argmax = {
  opcode: format.OPCODE_ARGMAX_INT8,
  operands: [{ type: { dtype: 'int8', shape: [2, 5, 3] } }],
  output: { dtype: 'int32', shape: [2, 3] },
  parameters: [2, 5, 3, 0],
} as const;

describe.each(int8Variants)('GATHER and ARGMAX %s', (variant) => {
  test('refuse other dtypes', async () => {
    expect(await loadStep(gather, variant)).toBeDefined();
    expect(await loadStep({ ...gather, output: { dtype: 'int32', shape: [2, 4, 3] } }, variant)).toBeUndefined();
    expect(await loadStep(argmax, variant)).toBeDefined();
    expect(await loadStep({ ...argmax, opcode: format.OPCODE_ARGMAX_FLOAT32 }, variant)).toBeUndefined();
  });

  test.for([gather, argmax])('no damaged word makes opcode $opcode trap', async (valid) => {
    await expectSurvivesDamagedWords(stepModel(valid), 1, 200, variant);
  });
});
