import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph, Tensor } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { expectClose } from '../ops/op-case.ts';
import { addConv, buildGraph, evaluateGraph, randomConstant, randomInputs } from '../passes/pass-case.ts';

const relu = { function: 'Relu', alpha: 0, beta: 0 };
const sigmoid = { function: 'Sigmoid', alpha: 0, beta: 0 };

/** The values that share bytes, block by block. */
function blocksOf(graph: Graph): string[] {
  return planExecution(graph).lifetimes.map((lifetime) => lifetime.values.join(' '));
}

async function expectRunsAsReference(graph: Graph): Promise<void> {
  const inputs = randomInputs(graph);
  const expected = evaluateGraph(graph, inputs);
  const executor = await Executor.create(graph);
  executor.run(inputs.map((input) => input.data)).forEach((output, i) => expectClose(output, expected[i] as Tensor, 1e-5));
}

describe('lifetimes', () => {
  test('an elementwise operator overwrites what nobody reads any more, through a Reshape too', async () => {
    const graph = buildGraph({ x: [1, 2, 3, 2] }, (g) => {
      const a = addConv(g, 'x', 'a', 2);
      const flat = g.addOne(Reshape, [g.addOne(Unary, [a], relu, { output: 'b' })], { shape: [12] }, { output: 'flat' });
      return [g.addOne(Unary, [flat], sigmoid, { output: 'y' })];
    });
    expect(blocksOf(graph)).toEqual(['x', 'a b y']);
    await expectRunsAsReference(graph);
  });

  test('not what is read later', async () => {
    const graph = buildGraph({ x: [4] }, (g) => {
      const a = g.addOne(Unary, ['x'], relu, { output: 'a' });
      const b = g.addOne(Unary, [a], sigmoid, { output: 'b' });
      return [g.addOne(Add, [b, a], unclamped, { output: 'y' })];
    });
    expect(blocksOf(graph)).toEqual(['x a', 'b y']);
    await expectRunsAsReference(graph);
  });

  test('not what the model returns, under its own or another shape', async () => {
    const graph = buildGraph({ x: [4] }, (g) => {
      const a = g.addOne(Unary, ['x'], relu, { output: 'a' });
      return [g.addOne(Reshape, [a], { shape: [2, 2] }, { output: 'square' }), g.addOne(Unary, [a], sigmoid, { output: 'y' })];
    });
    expect(blocksOf(graph)).toEqual(['x a', 'y']);
    await expectRunsAsReference(graph);
  });

  test('not an operand that broadcasts', async () => {
    const graph = buildGraph({ x: [3], z: [2, 3] }, (g) => {
      const row = g.addOne(Unary, ['x'], relu, { output: 'row' });
      return [g.addOne(Add, [row, 'z'], unclamped, { output: 'y' })];
    });
    expect(blocksOf(graph)).toEqual(['x row', 'z y']);
    await expectRunsAsReference(graph);
  });

  test('x + x may not overwrite x: a kernel may read both operands ahead', async () => {
    const graph = buildGraph({ x: [4] }, (g) => [
      g.addOne(Add, ['x', g.addOne(Reshape, ['x'], { shape: [4] })], unclamped, { output: 'y' }),
    ]);
    expect(blocksOf(graph)).toEqual(['x', 'y']);
    await expectRunsAsReference(graph);
  });

  test('an input that the model returns is not overwritten', async () => {
    const graph = buildGraph({ x: [4] }, (g) => [
      'x',
      g.addOne(Unary, ['x'], sigmoid, { output: 'y' }),
      g.addOne(Add, ['x', randomConstant(g, 'c', [4])], unclamped, { output: 'z' }),
    ]);
    expect(blocksOf(graph)).toEqual(['x', 'y', 'z']);
    await expectRunsAsReference(graph);
  });

  test('inputs are live from before the first step, outputs beyond the last', () => {
    const graph = buildGraph({ x: [4], late: [4] }, (g) => {
      const a = g.addOne(Unary, ['x'], relu, { output: 'a' });
      return [a, g.addOne(Add, [g.addOne(Unary, [a], sigmoid, { output: 'b' }), 'late'], unclamped, { output: 'y' })];
    });
    const { lifetimes } = planExecution(graph);
    expect(lifetimes.map(({ values, first, last }) => [values.join(' '), first, last])).toEqual([
      ['x a', -1, 3],
      ['late', -1, 2],
      ['b y', 1, 3],
    ]);
  });
});
