import { describe, expect, test } from 'vitest';
import type { Graph, ValueName } from '../../../compiler/graph.ts';
import type { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Max } from '../../../compiler/ops/max.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { addUnary } from '../../../compiler/ops/unary.ts';
import { recognizeFunctions } from '../../../compiler/passes/recognize-functions.ts';
import { buildGraph, expectSameOutputs } from './pass-case.ts';

const affine = (g: GraphBuilder, x: ValueName, alpha: number, beta = 0) => addUnary(g, x, 'Affine', { alpha, beta });
const multiply = (g: GraphBuilder, a: ValueName, b: ValueName) => g.addOne(Mul, [a, b], unclamped);
const sum = (g: GraphBuilder, a: ValueName, b: ValueName) => g.addOne(Add, [a, b], unclamped);

function functionOf(build: (g: GraphBuilder, x: ValueName) => ValueName): string {
  // The Reshape keeps what stands before it out.
  const wide = (g: GraphBuilder) => g.addOne(Reshape, [affine(g, 'x', 9)], { shape: [80] });
  const graph: Graph = buildGraph({ x: [2, 40] }, (g) => [build(g, wide(g))]);
  return expectSameOutputs(graph, [recognizeFunctions]).split('\n').slice(3, -1).join('\n');
}

const spellings: readonly (readonly [string, (g: GraphBuilder, x: ValueName) => ValueName])[] = [
  ['HardSwish', (g, x) => affine(g, multiply(g, x, addUnary(g, affine(g, x, 1, 3), 'Clip', { alpha: 0, beta: 6 })), 1 / 6)],
  ['HardSwish', (g, x) => multiply(g, affine(g, addUnary(g, affine(g, x, 1, 3), 'Clip', { alpha: 0, beta: 6 }), 1 / 6), x)],
  ['HardSwish', (g, x) => multiply(g, x, addUnary(g, x, 'HardSigmoid', { alpha: 1 / 6, beta: 0.5 }))],
  ['HardSigmoid', (g, x) => affine(g, addUnary(g, affine(g, x, 1, 3), 'Clip', { alpha: 0, beta: 6 }), 1 / 6)],
  ['Silu', (g, x) => multiply(g, x, addUnary(g, x, 'Sigmoid'))],
  ['Mish', (g, x) => multiply(g, x, addUnary(g, addUnary(g, x, 'Softplus'), 'Tanh'))],
  ['Gelu', (g, x) => affine(g, multiply(g, x, affine(g, addUnary(g, affine(g, x, Math.SQRT1_2), 'Erf'), 1, 1)), 0.5)],
  ['Gelu', (g, x) => multiply(g, affine(g, x, 0.5), affine(g, addUnary(g, affine(g, x, Math.SQRT1_2), 'Erf'), 1, 1))],
  [
    'GeluTanh',
    (g, x) => {
      const cubic = sum(g, x, affine(g, addUnary(g, x, 'Pow', { alpha: 3 }), 0.044715));
      return multiply(g, affine(g, x, 0.5), affine(g, addUnary(g, affine(g, cubic, Math.sqrt(2 / Math.PI)), 'Tanh'), 1, 1));
    },
  ],
  ['LeakyRelu, alpha 0.1', (g, x) => g.addOne(Max, [x, affine(g, x, 0.1)], unclamped)],
  ['Affine, alpha 6, beta -3', (g, x) => affine(g, affine(g, x, 2, 1), 3, -6)],
];

describe('recognize-functions', () => {
  test.for(spellings)('%s', ([name, build]) => {
    const text = functionOf(build);
    expect(text.split('\n')).toHaveLength(1);
    expect(text).toContain(`Unary(function ${name}`);
  });

  test('not when someone else reads a part, and not a function that Unary does not know', () => {
    const shared = buildGraph({ x: [3] }, (g) => {
      const gate = addUnary(g, 'x', 'Sigmoid', { output: 'gate' });
      return [gate, multiply(g, 'x', gate)];
    });
    expect(expectSameOutputs(shared, [recognizeFunctions])).toContain('Mul(');
    const square = buildGraph({ x: [3] }, (g) => [multiply(g, addUnary(g, 'x', 'Tanh'), 'x')]);
    expect(expectSameOutputs(square, [recognizeFunctions])).toContain('Mul(');
  });
});
