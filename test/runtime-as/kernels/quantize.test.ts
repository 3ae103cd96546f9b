import { describe, expect, test } from 'vitest';
import { float32Bits } from '../../../compiler/ops/op.ts';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

const float32 = { dtype: 'float32', shape: [19] } as const;
const int8 = { dtype: 'int8', shape: [19] } as const;
const parameters = [float32Bits(0.1), 3];
const steps: readonly (readonly [string, StepCase])[] = [
  ['QUANTIZE', { opcode: format.OPCODE_QUANTIZE, operands: [{ type: float32 }], output: int8, parameters }],
  ['DEQUANTIZE', { opcode: format.OPCODE_DEQUANTIZE, operands: [{ type: int8 }], output: float32, parameters }],
];

describe.each(int8Variants)('%s', (variant) => {
  test.for(steps)('%s refuses operands of other sizes and zero points outside int8', async ([, valid]) => {
    expect(await loadStep(valid, variant)).toBeDefined();
    expect(await loadStep({ ...valid, output: { ...valid.output, shape: [18] } }, variant)).toBeUndefined();
    expect(await loadStep({ ...valid, output: valid.operands[0]?.type ?? int8 }, variant)).toBeUndefined();
    expect(await loadStep({ ...valid, parameters: [float32Bits(0.1), 128] }, variant)).toBeUndefined();
  });

  test.for(steps)('%s: no damaged word makes it trap', async ([, valid]) => {
    await expectSurvivesDamagedWords(stepModel(valid), 1, 100, variant);
  });
});
