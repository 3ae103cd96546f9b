import { describe, expect, test } from 'vitest';
import { type DType, typedArray } from '../../../compiler/graph.ts';
import * as format from '../../../runtime-as/format.ts';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords, randomIntegers } from '../../damage.ts';
import { loadStep, type StepCase, stepModel } from './step-case.ts';

interface Copy {
  readonly dimensions: number[];
  readonly inputStart: number;
  readonly inputStrides: number[];
  readonly outputStart: number;
  readonly outputStrides: number[];
}

/** A dense output whose axes lie in random order and direction; the input's strides are anything within `limit`. */
function randomCopy(seed: number): Copy & { inputElements: number } {
  const below = randomIntegers(seed);
  const random = (low: number, high: number) => low + below(high - low + 1);
  // Two large axes, so that whole blocks and their edges are met.
  const dimensions = [random(1, 2), random(1, 2), random(1, 3), random(1, 2), random(1, 37), random(1, 37)];
  const order = dimensions.map((_, i) => i).sort(() => random(-1, 1) || 1);
  const outputStrides = [0, 0, 0, 0, 0, 0];
  let size = 1;
  for (const axis of random(0, 1) ? order : [5, 4, 3, 2, 1, 0]) {
    outputStrides[axis] = size;
    size *= dimensions[axis] as number;
  }
  const inputStrides = dimensions.map(() => random(-3, 40));
  const contiguous = random(4, 6);
  if (contiguous < 6) inputStrides[contiguous] = 1;
  const low = inputStrides.reduce((sum, stride, i) => sum + Math.min(0, stride * ((dimensions[i] as number) - 1)), 0);
  const high = inputStrides.reduce((sum, stride, i) => sum + Math.max(0, stride * ((dimensions[i] as number) - 1)), 0);
  return { dimensions, inputStart: -low, inputStrides, outputStart: 0, outputStrides, inputElements: high - low + 1 };
}

function parametersOf(copy: Copy, elementBytes: number): number[] {
  return [elementBytes, ...copy.dimensions, copy.inputStart, ...copy.inputStrides, copy.outputStart, ...copy.outputStrides];
}

function caseOf(copy: Copy & { inputElements: number }, dtype: DType): StepCase {
  const count = copy.dimensions.reduce((p, e) => p * e, 1);
  return {
    opcode: format.OPCODE_COPY,
    operands: [{ type: { dtype, shape: [copy.inputElements] } }],
    output: { dtype, shape: [count] },
    parameters: parametersOf(copy, dtype === 'int8' ? 1 : 4),
  };
}

/** The definition of COPY: one loop per axis. */
function copyNaively(x: ArrayLike<number>, y: { [index: number]: number }, { dimensions, ...copy }: Copy): void {
  const visit = (axis: number, from: number, to: number) => {
    if (axis === dimensions.length) {
      y[to] = x[from] as number;
      return;
    }
    for (let i = 0; i < (dimensions[axis] as number); i++) {
      visit(axis + 1, from + i * (copy.inputStrides[axis] as number), to + i * (copy.outputStrides[axis] as number));
    }
  };
  visit(0, copy.inputStart, copy.outputStart);
}

describe.each(int8Variants)('COPY %s', (variant) => {
  test.for(['float32', 'int8'] as const)('random strides, %s', async (dtype) => {
    for (let seed = 1; seed <= 60; seed++) {
      const copy = randomCopy(seed);
      const stepCase = caseOf(copy, dtype);
      const engine = await loadStep(stepCase, variant);
      if (!engine) throw new Error(`seed ${seed}: refused`);
      const x = typedArray(dtype, copy.inputElements).map((_, i) => (i * 37 + seed) % 251);
      const expected = typedArray(dtype, stepCase.output.shape[0] as number);
      engine.input(0, x.byteLength).set(new Uint8Array(x.buffer));
      copyNaively(x, expected, copy);
      engine.run();
      expect(Buffer.compare(engine.output(0, expected.byteLength), new Uint8Array(expected.buffer)), `seed ${seed}`).toBe(0);
    }
  });

  test('refuses strides that leave an operand by one element, at either end', async () => {
    const copy = {
      dimensions: [1, 1, 1, 1, 3, 4],
      inputStart: 0,
      inputStrides: [0, 0, 0, 0, 4, 1],
      outputStart: 0,
      outputStrides: [0, 0, 0, 0, 4, 1],
    };
    const load = (changes: Partial<Copy>, inputElements = 12) =>
      loadStep(caseOf({ ...copy, ...changes, inputElements }, 'float32'), variant);
    expect(await load({})).toBeDefined();
    expect(await load({}, 11)).toBeUndefined();
    expect(await load({ inputStart: 1 })).toBeUndefined();
    expect(await load({ inputStart: -1 })).toBeUndefined();
    expect(await load({ outputStart: 1 })).toBeUndefined();
    expect(await load({ inputStart: 11, inputStrides: [0, 0, 0, 0, -4, -1] })).toBeDefined();
    expect(await load({ inputStart: 10, inputStrides: [0, 0, 0, 0, -4, -1] })).toBeUndefined();
    expect(await load({ inputStrides: [0, 0, 0, 0, 0x7fffffff, 1] })).toBeUndefined();
    // A stride along an axis of one element is never taken.
    expect(await load({ inputStrides: [0x7fffffff, 0, 0, 0, 4, 1] })).toBeDefined();
  });

  test('no damaged word makes it trap', async () => {
    await expectSurvivesDamagedWords(stepModel(caseOf(randomCopy(5), 'int8')), 1, 300, variant);
    await expectSurvivesDamagedWords(stepModel(caseOf(randomCopy(6), 'float32')), 1, 300, variant);
  });
});
