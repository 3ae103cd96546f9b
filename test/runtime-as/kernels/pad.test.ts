import { describe, expect, test } from 'vitest';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, stepModel } from './step-case.ts';

function padding(mode: number, before: number, after: number) {
  return {
    opcode: format.OPCODE_PAD,
    operands: [{ type: { dtype: 'float32', shape: [2, 5] } }],
    output: { dtype: 'float32', shape: [2, before + 5 + after] },
    parameters: [4, mode, 0, 1, 1, 1, 1, 2, 5, 0, 0, 0, 0, 0, before, 1, 1, 1, 1, 2, before + 5 + after],
  } as const;
}

describe.each(int8Variants)('PAD %s', (variant) => {
  test('refuses a mirror that is longer than what it mirrors', async () => {
    expect(await loadStep(padding(format.PAD_MODE_REFLECT, 4, 4), variant)).toBeDefined();
    expect(await loadStep(padding(format.PAD_MODE_REFLECT, 5, 0), variant)).toBeUndefined();
    expect(await loadStep(padding(format.PAD_MODE_REFLECT, 0, 5), variant)).toBeUndefined();
    expect(await loadStep(padding(format.PAD_MODE_EDGE, 9, 9), variant)).toBeDefined();
  });

  test.for([format.PAD_MODE_CONSTANT, format.PAD_MODE_REFLECT, format.PAD_MODE_EDGE])(
    'no damaged word makes mode %i trap',
    async (mode) => {
      await expectSurvivesDamagedWords(stepModel(padding(mode, 3, 2)), 1, 300, variant);
    },
  );
});
