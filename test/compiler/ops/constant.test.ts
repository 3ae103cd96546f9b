import type { onnx } from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { tensor } from '../../../compiler/graph.ts';
import { constantOutput, float32, importNode, ints } from './import-case.ts';

describe('Constant', () => {
  test.for<{ attributes: Record<string, onnx.IAttributeProto>; expected: object }>([
    { attributes: { value_float: { f: 1.5 } }, expected: { shape: [], values: [1.5], dtype: 'float32' } },
    { attributes: { value_floats: { floats: [1, 2.5] } }, expected: { shape: [2], values: [1, 2.5], dtype: 'float32' } },
    { attributes: { value_int: { i: -7 } }, expected: { shape: [], values: [-7], dtype: 'int32' } },
    { attributes: { value_ints: { ints: [3, 2 ** 62] } }, expected: { shape: [2], values: [3, 0x7fffffff], dtype: 'int32' } },
    {
      attributes: { value: { t: { dataType: 1, dims: [2, 1], floatData: [4, 5] } } },
      expected: { shape: [2, 1], values: [4, 5], dtype: 'float32' },
    },
  ])('$attributes', ({ attributes, expected }) => {
    expect(constantOutput(importNode({ operator: 'Constant', opset: 13, attributes, inputs: [] }))).toEqual(expected);
  });

  test('refuses strings', () => {
    expect(() => importNode({ operator: 'Constant', opset: 13, attributes: { value_string: {} }, inputs: [] })).toThrow('string');
  });
});

test('ConstantOfShape fills the extents, with 0 when no value is given', () => {
  const value = { value: { t: { dataType: 7, dims: [1], int64Data: [9] } } };
  expect(constantOutput(importNode({ operator: 'ConstantOfShape', opset: 9, attributes: value, inputs: [ints(2, 2)] }))).toEqual({
    shape: [2, 2],
    values: [9, 9, 9, 9],
    dtype: 'int32',
  });
  expect(constantOutput(importNode({ operator: 'ConstantOfShape', opset: 9, inputs: [ints(1)] })).dtype).toBe('float32');
  expect(() => importNode({ operator: 'ConstantOfShape', opset: 9, inputs: [{ dtype: 'int32', shape: [2] }] })).toThrow('at run time');
});

test('Range counts up and down, and not past its limit', () => {
  const scalar = (value: number) => tensor('int32', [], [value]);
  const range = (start: number, limit: number, delta: number) =>
    constantOutput(importNode({ operator: 'Range', opset: 11, inputs: [scalar(start), scalar(limit), scalar(delta)] })).values;
  expect(range(1, 7, 2)).toEqual([1, 3, 5]);
  expect(range(10, 4, -3)).toEqual([10, 7]);
  expect(range(4, 4, 1)).toEqual([]);
  expect(() => range(0, 1, 0)).toThrow('delta');
});

describe('Shape and Size', () => {
  const shape = (attributes: Record<string, { i: number }>) =>
    constantOutput(importNode({ operator: 'Shape', opset: 15, attributes, inputs: [float32(3, 4, 5)] })).values;

  test('start and end count from either side and are clamped', () => {
    expect(shape({})).toEqual([3, 4, 5]);
    expect(shape({ start: { i: 1 } })).toEqual([4, 5]);
    expect(shape({ start: { i: -1 } })).toEqual([5]);
    expect(shape({ end: { i: -1 } })).toEqual([3, 4]);
    expect(shape({ start: { i: -10 }, end: { i: 10 } })).toEqual([3, 4, 5]);
    expect(shape({ start: { i: 2 }, end: { i: 1 } })).toEqual([]);
  });

  test('Size', () => {
    expect(constantOutput(importNode({ operator: 'Size', opset: 13, inputs: [float32(3, 4, 5)] }))).toEqual({
      shape: [],
      values: [60],
      dtype: 'int32',
    });
  });
});

describe('Identity and Dropout', () => {
  test.for(['Identity', 'Dropout'])('%s leaves no node', (operator) => {
    const graph = importNode({ operator, opset: 13, inputs: [float32(2, 3)] });
    expect(graph.nodes).toEqual([]);
    expect(graph.outputs).toEqual([{ name: 'y', value: 'x0' }]);
  });

  test('the mask of Dropout is true everywhere', () => {
    const graph = importNode({ operator: 'Dropout', opset: 13, inputs: [float32(3)], outputs: ['y', 'mask'] });
    expect(constantOutput(graph, 1).values).toEqual([1, 1, 1]);
  });

  test('refuses Dropout in training', () => {
    const inputs = [float32(3), undefined, tensor('int32', [], [1])];
    expect(() => importNode({ operator: 'Dropout', opset: 13, inputs })).toThrow('evaluation mode');
  });
});
