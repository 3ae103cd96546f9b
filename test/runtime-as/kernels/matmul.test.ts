import { describe, expect, test } from 'vitest';
import { float32Bits } from '../../../compiler/ops/op.ts';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

function step(dtype: 'float32' | 'int8'): StepCase {
  const extents = [2, 2, 1, 5, 7, 9];
  return {
    opcode: dtype === 'int8' ? format.OPCODE_MATMUL_INT8 : format.OPCODE_MATMUL_FLOAT32,
    operands: [{ type: { dtype, shape: [2, 5, 7] } }, { type: { dtype, shape: [1, 7, 9] } }],
    output: { dtype, shape: [2, 5, 9] },
    parameters: dtype === 'int8' ? [...extents, -128, 127, float32Bits(0.01), 3, -128, 127] : extents,
  };
}

describe.each(int8Variants)('MATMUL %s', (variant) => {
  test.for(['float32', 'int8'] as const)('%s: refuses operands that do not hold the extents', async (dtype) => {
    const valid = step(dtype);
    expect(await loadStep(valid, variant)).toBeDefined();
    expect(await loadStep({ ...valid, output: { dtype, shape: [2, 5, 8] } }, variant)).toBeUndefined();
    expect(await loadStep({ ...valid, operands: valid.operands.slice(1) }, variant)).toBeUndefined();
    expect(await loadStep({ ...valid, operands: [...valid.operands].reverse() }, variant)).toBeUndefined();
    const other = { type: { dtype: 'int32', shape: [2, 5, 7] } } as const;
    expect(await loadStep({ ...valid, operands: [other, ...valid.operands.slice(1)] }, variant)).toBeUndefined();
  });

  test.for(['float32', 'int8'] as const)('%s: no damaged word makes it trap', async (dtype) => {
    await expectSurvivesDamagedWords(stepModel(step(dtype)), 1, 150, variant);
  });

  test('a matrix too narrow for its tiles is refused before the workspace overflows', async () => {
    const k = 1 << 26;
    const parameters = [1, 1, 1, 1, k, 1, 0, 0, float32Bits(1), 0, -128, 127];
    const operand = { type: { dtype: 'int8', shape: [k] } } as const;
    const valid = { ...step('int8'), operands: [operand, operand], output: { dtype: 'int8', shape: [1] } as const, parameters };
    expect(await loadStep(valid, variant)).toBeUndefined();
  });
});
