/** All passes on random graphs of layout-changing, layout-indifferent and layout-fixed operators: the outputs stay the same. */
import { describe, expect, test } from 'vitest';
import { type Graph, tensor, type ValueName, valueOf } from '../../../compiler/graph.ts';
import type { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Expand } from '../../../compiler/ops/expand.ts';
import { Gather } from '../../../compiler/ops/gather.ts';
import { LayerNorm } from '../../../compiler/ops/layer-normalization.ts';
import { Pad } from '../../../compiler/ops/pad.ts';
import { addReduce } from '../../../compiler/ops/reduce.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Slice } from '../../../compiler/ops/slice.ts';
import { Softmax } from '../../../compiler/ops/softmax.ts';
import { Tile } from '../../../compiler/ops/tile.ts';
import { keepsBytes, Transpose } from '../../../compiler/ops/transpose.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { defaultPasses } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { randomTensor } from '../ops/op-case.ts';
import { addChannelsFirstConv, buildGraph, expectSameOutputs, randomConstant } from './pass-case.ts';

/** Seeded choices. */
class Dice {
  private readonly numbers: ArrayLike<number>;
  private used = 0;

  constructor(seed: number) {
    this.numbers = randomTensor([4000], seed, 0, 1).data;
  }

  below(limit: number): number {
    return Math.floor((this.numbers[this.used++] as number) * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  permutation(rank: number): number[] {
    const rest = Array.from({ length: rank }, (_, i) => i);
    return Array.from({ length: rank }, () => rest.splice(this.below(rest.length), 1)[0] as number);
  }
}

const MAX_ELEMENTS = 2000;

/** Transposes that move bytes. */
function movingTransposes(graph: Graph): number {
  return graph.nodes.filter(
    ({ op, inputs, attributes }) =>
      op === Transpose && !keepsBytes(valueOf(graph, inputs[0] as ValueName).type.shape, attributes.permutation),
  ).length;
}

/** Adds one random operator on `x` and returns its output. */
function addRandomNode(g: GraphBuilder, dice: Dice, x: ValueName, values: readonly ValueName[], name: string): ValueName {
  const shape = g.shape(x);
  const rank = shape.length;
  const one = (axis: number, value: number, other: number) => shape.map((_, i) => (i === axis ? value : other));
  const axis = dice.below(rank);
  const sameShape = values.filter((value) => String(g.shape(value)) === String(shape));
  switch (dice.below(16)) {
    case 0:
    case 1:
      return rank === 4 ? addChannelsFirstConv(g, x, name, 1 + dice.below(4), { kernel: [1, 1] }) : x;
    case 2:
      return g.addOne(Unary, [x], { function: dice.pick(['Relu', 'Sigmoid']), alpha: 0, beta: 0 }, { output: name });
    case 3:
      return g.addOne(Add, [x, dice.pick(sameShape)], unclamped, { output: name });
    case 4: {
      const extents = dice.pick([one(axis, shape[axis] as number, 1), shape.slice(axis), [1], shape]);
      return g.addOne(Add, [randomConstant(g, `${name}.c`, extents), x], unclamped, { output: name });
    }
    case 5:
      return g.addOne(Concat, [x, dice.pick(sameShape)], { axis }, { output: name });
    case 6: {
      const extent = shape[axis] as number;
      const taken = 1 + dice.below(extent);
      const start = dice.below(extent - taken + 1);
      const attributes = { starts: one(axis, start, 0), steps: shape.map(() => 1), shape: shape.map((e, i) => (i === axis ? taken : e)) };
      return g.addOne(Slice, [x], attributes, { output: name });
    }
    case 7:
      return g.addOne(
        Pad,
        [x],
        { before: one(axis, 1, 0), after: one(axis, dice.below(2), 0), mode: 'constant', value: dice.below(2) },
        { output: name },
      );
    case 8:
      return g.addOne(Transpose, [x], { permutation: dice.permutation(rank) }, { output: name });
    case 9: {
      // One index drops the axis, a list of them keeps it.
      const indices = dice.pick([[], [1], [3]]);
      const chosen = tensor(
        'int32',
        indices,
        Array.from({ length: indices[0] ?? 1 }, () => dice.below(shape[axis] as number)),
      );
      return rank > 2 ? g.addOne(Gather, [x, g.addConstant(chosen, `${name}.i`)], { axis }, { output: name }) : x;
    }
    case 10:
      return g.addOne(Tile, [x], { repeats: one(axis, 2, 1) }, { output: name });
    case 11: {
      const operand = g.addOne(Slice, [x], {
        starts: one(0, 0, 0),
        steps: one(0, 1, 1),
        shape: one(axis, 1, 1).map((_, i) => (i === axis ? 1 : (shape[i] as number))),
      });
      return g.addOne(Expand, [operand], { shape: one(axis, 2, 0).map((extent, i) => extent || (shape[i] as number)) }, { output: name });
    }
    case 12:
      return g.addOne(Softmax, [x], { axis }, { output: name });
    case 13: {
      const axes = [...new Set([axis, Math.min(axis + dice.below(2), rank - 1)])];
      const attributes = { function: dice.pick(['Mean', 'Max'] as const), axes, keepDims: rank < 4 || dice.below(2) === 0 };
      return addReduce(g, x, attributes, name);
    }
    case 14: {
      const weights = ['gamma', 'beta'].map((weight) => randomConstant(g, `${name}.${weight}`, shape.slice(axis)));
      return g.addOne(LayerNorm, [x, ...weights], { axis, epsilon: 1e-2 }, { output: name });
    }
    default: {
      const extent = shape[axis] as number;
      const split = extent % 2 === 0 ? [2, extent / 2] : [1, extent];
      const merged = axis + 1 < rank ? [extent * (shape[axis + 1] as number)] : [extent, 1];
      const next =
        rank < 5 && dice.below(2)
          ? [...shape.slice(0, axis), ...split, ...shape.slice(axis + 1)]
          : [...shape.slice(0, axis), ...merged, ...shape.slice(axis + 2)];
      return g.addOne(Reshape, [x], { shape: next }, { output: name });
    }
  }
}

describe('all passes on random graphs', () => {
  test.for(Array.from({ length: 60 }, (_, seed) => seed))('seed %d', (seed) => {
    const dice = new Dice(seed);
    const graph = buildGraph({ x: [dice.pick([1, 1, 2]), 1 + dice.below(4), 3, 4], z: [1, 2, 4, 3] }, (g) => {
      const values = ['x', 'z'];
      for (let i = 0; i < 14; i++) {
        const y = addRandomNode(g, dice, dice.pick(values.slice(-4)), values, `v${i}`);
        const elements = g.shape(y).reduce((product, extent) => product * extent, 1);
        if (elements <= MAX_ELEMENTS && !values.includes(y)) values.push(y);
      }
      return [values.at(-1) as ValueName, dice.pick(values.slice(2))];
    });
    expectSameOutputs(graph, defaultPasses);
    expect(movingTransposes(runPasses(graph, defaultPasses))).toBeLessThanOrEqual(movingTransposes(graph));
  });
});
