import { describe, expect, test } from 'vitest';
import type { TensorType } from '../../../compiler/graph.ts';
import { float32Bits } from '../../../compiler/ops/op.ts';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

const int8 = (...shape: number[]): { type: TensorType } => ({ type: { dtype: 'int8', shape } });
const float32 = (...shape: number[]): { type: TensorType } => ({ type: { dtype: 'float32', shape } });
/** [2, 3, 2, 19] and a row of 19, over and over. */
const broadcast = [2, 3, 2, 19, 114, 38, 19, 1, 0, 0, 0, 1];

const cases: readonly (StepCase & { readonly name: string })[] = [
  {
    name: 'ADD_INT8',
    opcode: format.OPCODE_ADD_INT8,
    operands: [int8(2, 3, 2, 19), int8(19)],
    output: int8(2, 3, 2, 19).type,
    parameters: [...broadcast, 3, -4, 20000, -32767, 15, 7, -128, 127],
  },
  {
    name: 'MUL_INT8',
    opcode: format.OPCODE_MUL_INT8,
    operands: [int8(2, 3, 2, 19), int8(19)],
    output: int8(2, 3, 2, 19).type,
    parameters: [...broadcast, 3, -4, float32Bits(0.01), 7, -128, 127],
  },
  {
    name: 'BINARY_FLOAT32',
    opcode: format.OPCODE_BINARY_FLOAT32,
    operands: [float32(2, 3, 2, 19), float32(19)],
    output: float32(2, 3, 2, 19).type,
    parameters: [...broadcast, format.FUNCTION_SUB, float32Bits(-1), float32Bits(1)],
  },
  {
    name: 'PRELU_INT8',
    opcode: format.OPCODE_PRELU_INT8,
    operands: [int8(2, 3, 2, 19), float32(19)],
    output: int8(2, 3, 2, 19).type,
    parameters: [...broadcast, 3, float32Bits(0.5), 7],
  },
  {
    name: 'UNARY_FLOAT32',
    opcode: format.OPCODE_UNARY_FLOAT32,
    operands: [float32(19)],
    output: float32(19).type,
    parameters: [format.FUNCTION_POW, float32Bits(2.5), 0],
  },
];

describe.each(int8Variants)('elementwise kernels, %s', (variant) => {
  test.for(cases)('no damaged word makes $name trap', async (valid) => {
    expect(await loadStep(valid, variant)).toBeDefined();
    await expectSurvivesDamagedWords(stepModel(valid), 1, 300, variant);
  });

  test('strides that leave an operand are refused', async () => {
    const add = cases[0] as StepCase;
    const withWord = (index: number, value: number) =>
      loadStep({ ...add, parameters: add.parameters.map((word, i) => (i === index ? value : word)) }, variant);
    expect(await withWord(format.BROADCAST_B_STRIDES + 2, 1)).toBeUndefined();
    expect(await withWord(format.BROADCAST_A_STRIDES, 115)).toBeUndefined();
    expect(await withWord(format.BROADCAST_A_STRIDES + 3, 2)).toBeUndefined();
    expect(await withWord(format.BROADCAST_A_STRIDES, -1)).toBeUndefined();
    expect(await withWord(format.ADD_SHIFT, 0)).toBeUndefined();
    expect(await withWord(format.ADD_SHIFT, 32)).toBeUndefined();
  });

  test('operands of other sizes and dtypes are refused', async () => {
    const table = { opcode: format.OPCODE_TABLE_INT8, operands: [int8(9), int8(256)], output: int8(9).type, parameters: [] };
    expect(await loadStep(table, variant)).toBeDefined();
    expect(await loadStep({ ...table, operands: [int8(9), int8(255)] }, variant)).toBeUndefined();
    expect(await loadStep({ ...table, output: int8(8).type }, variant)).toBeUndefined();
    expect(await loadStep({ ...table, operands: [float32(9), int8(256)] }, variant)).toBeUndefined();
    const cast = { opcode: format.OPCODE_CAST, operands: [int8(9)], output: float32(9).type, parameters: [] };
    expect(await loadStep(cast, variant)).toBeDefined();
    expect(await loadStep({ ...cast, output: float32(8).type }, variant)).toBeUndefined();
  });
});
