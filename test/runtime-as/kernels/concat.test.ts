import { describe, expect, test } from 'vitest';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, stepModel } from './step-case.ts';

const concat = {
  opcode: format.OPCODE_CONCAT,
  operands: [{ type: { dtype: 'int8', shape: [4, 3] } }, { type: { dtype: 'int8', shape: [4, 5] } }],
  output: { dtype: 'int8', shape: [4, 8] },
  parameters: [4],
} as const;

describe.each(int8Variants)('CONCAT %s', (variant) => {
  test('refuses operands that do not make up the output', async () => {
    expect(await loadStep(concat, variant)).toBeDefined();
    expect(await loadStep({ ...concat, output: { dtype: 'int8', shape: [4, 9] } }, variant)).toBeUndefined();
    expect(await loadStep({ ...concat, output: { dtype: 'int32', shape: [4, 2] } }, variant)).toBeUndefined();
    expect(await loadStep({ ...concat, operands: [] }, variant)).toBeUndefined();
  });

  test('no damaged word makes it trap', async () => {
    await expectSurvivesDamagedWords(stepModel(concat), 1, 100, variant);
  });
});
