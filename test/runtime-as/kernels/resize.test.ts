import { describe, expect, test } from 'vitest';
import type { TypedArray } from '../../../compiler/graph.ts';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

const parameters = [1, 2, 3, 4, 5, 6];

function table(...values: number[]): { type: StepCase['output']; constant: TypedArray } {
  return { type: { dtype: 'int32', shape: [values.length] }, constant: Int32Array.from(values) };
}

const nearest: StepCase = {
  opcode: format.OPCODE_RESIZE_NEAREST,
  operands: [{ type: { dtype: 'int8', shape: [1, 2, 3, 6] } }, table(0, 0, 1, 1), table(0, 0, 1, 2, 2)],
  output: { dtype: 'int8', shape: [1, 4, 5, 6] },
  parameters,
};

function linear(rowHigh: number, weight: number): StepCase {
  const rows = [table(0, 0, 1, 1), table(0, rowHigh, 1, 1), table(0, weight, 0, 1024)];
  const columns = [table(0, 0, 1, 1, 2), table(1, 1, 2, 2, 2), table(0, 1, 2, 3, 4)];
  return { ...nearest, opcode: format.OPCODE_RESIZE_LINEAR_INT8, operands: [...nearest.operands.slice(0, 1), ...rows, ...columns] };
}

describe.each(int8Variants)('RESIZE %s', (variant) => {
  test('refuses a table that points outside, or that could change at run time', async () => {
    const [x, rows, columns] = nearest.operands as [StepCase['operands'][0], StepCase['operands'][0], StepCase['operands'][0]];
    expect(await loadStep(nearest, variant)).toBeDefined();
    expect(await loadStep({ ...nearest, operands: [x, table(0, 0, 1, 2), columns] }, variant)).toBeUndefined();
    expect(await loadStep({ ...nearest, operands: [x, rows, table(0, -1, 1, 2, 2)] }, variant)).toBeUndefined();
    expect(await loadStep({ ...nearest, operands: [x, { type: rows.type }, columns] }, variant)).toBeUndefined();
    expect(await loadStep(linear(1, 2048), variant)).toBeDefined();
    expect(await loadStep(linear(2, 2048), variant)).toBeUndefined();
    expect(await loadStep(linear(1, 2049), variant)).toBeUndefined();
  });

  test.for([nearest, linear(1, 7)])('no damaged word makes opcode $opcode trap', async (valid) => {
    await expectSurvivesDamagedWords(stepModel(valid), 1, 200, variant);
  });
});
