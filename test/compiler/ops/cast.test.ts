import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type DType, type Tensor, tensor } from '../../../compiler/graph.ts';
import { Cast } from '../../../compiler/ops/cast.ts';
import { importCase, onnxNode } from './onnx-case.ts';
import { graphOf, variants } from './op-case.ts';

const numbers = [0, 1.9, -1.9, 300, -300, 3e9, -3e9, Infinity, -Infinity, NaN, 127.5, 2147483520];

describe('Cast', () => {
  test.for([
    { from: 'float32', to: 'int32', expected: [0, 1, -1, 300, -300, 2147483647, -2147483648, 2147483647, -2147483648, 0, 127, 2147483520] },
    { from: 'float32', to: 'int8', expected: [0, 1, -1, 127, -128, 127, -128, 127, -128, 0, 127, 127] },
    { from: 'int32', to: 'float32', input: [0, -7, 16777217], expected: [0, -7, 16777216] },
    { from: 'int32', to: 'int8', input: [0, -7, 500, -500], expected: [0, -7, 127, -128] },
    { from: 'int8', to: 'float32', input: [-128, 0, 127], expected: [-128, 0, 127] },
    { from: 'int8', to: 'int32', input: [-128, 0, 127], expected: [-128, 0, 127] },
  ])('$from to $to', async ({ from, to, input = numbers, expected }) => {
    const x = tensor(from as DType, [input.length], input);
    const attributes = { to: to as DType, boolean: false };
    expect(Array.from((Cast.evaluate([x], attributes)[0] as Tensor).data)).toEqual(expected);
    for (const variant of variants) {
      const executor = await Executor.create(graphOf({ op: Cast, attributes, inputs: [x] }), variant);
      expect(Array.from((executor.run([x.data])[0] as Tensor).data), variant).toEqual(expected);
    }
  });

  test('to bool: 1 where the number is not zero', () => {
    const [y] = Cast.evaluate([tensor('float32', [4], [0, -0, 0.25, NaN])], { to: 'int32', boolean: true }) as [Tensor];
    expect(Array.from(y.data)).toEqual([0, 0, 1, 1]);
  });

  test('float16 and float64 are float32 inside: the node vanishes', () => {
    for (const to of [1, 10, 11]) {
      const model = {
        nodes: [onnxNode('Cast', ['x'], 'y', { to }), onnxNode('Relu', ['y'], 'z')],
        inputs: { x: { type: 'float32' as const, shape: [2], data: [1, 2] } },
        outputs: { z: 'float32' as const },
      };
      expect(importCase(model).nodes.map((node) => node.inputs)).toEqual([['x']]);
    }
  });

  test('string is refused with a fix', () => {
    const model = {
      nodes: [onnxNode('Cast', ['x'], 'y', { to: 8 })],
      inputs: { x: { type: 'float32' as const, shape: [2], data: [1, 2] } },
      outputs: { y: 'float32' as const },
    };
    expect(() => importCase(model)).toThrow(/dtype string; cast to float32/);
  });
});
