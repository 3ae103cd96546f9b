/** Rounding by second-order statistics: golden values (../shared/prototypes/numerics/layerwise_obs_gptq.py), masks, gradient. */
import { describe, expect, test } from 'vitest';
import { operate } from '../../../compiler/linalg/brain-surgeon.ts';
import { damped, dampedCholesky, invertCholesky } from '../../../compiler/linalg/cholesky.ts';
import { matrix, trace } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { adaround, rectifiedSigmoid, roundingGradient } from '../../../compiler/quantization/rounding/adaround.ts';
import { coordinateDescent, descendFrom } from '../../../compiler/quantization/rounding/coordinate-descent.ts';
import { gptq, roundInOrder } from '../../../compiler/quantization/rounding/gptq.ts';
import { optimalBrainQuantizer } from '../../../compiler/quantization/rounding/optimal-brain-quantizer.ts';
import { type RoundingProblem, roundToNearest, rowErrors } from '../../../compiler/quantization/rounding/problem.ts';
import { lcg, lcgMatrix } from '../compression/lcg.ts';

// X = max(0, T(1) T(2)), W = T(3), H = 2 X Xᵀ / N damped by 1 %.
const [rows, columns, count] = [8, 24, 256];
const relu = (value: number) => Math.max(0, value);
const x = matrix(columns, count, multiply(lcgMatrix(1, columns, columns), lcgMatrix(2, columns, count)).data.map(relu));
const gram = multiplyTransposed(x, x);
const plain = matrix(
  columns,
  columns,
  gram.data.map((value) => (2 * value) / count),
);
const hessian = damped(plain, (0.01 * trace(plain)) / columns);
const target = lcgMatrix(3, rows, columns);
const energy = rowEnergy();

function rowEnergy(): number {
  return trace(multiplyTransposed(multiply(target, hessian), target));
}

function problem(bits: number, isFree = new Uint8Array(rows * columns).fill(1)): RoundingProblem {
  const largest = 2 ** (bits - 1) - 1;
  const scales = Float64Array.from({ length: rows }, (_, row) => {
    return target.data.subarray(row * columns, (row + 1) * columns).reduce((max, w) => Math.max(max, Math.abs(w)), 0) / largest;
  });
  return { target, hessian, scales, largest, isFree };
}

const relativeError = (asked: RoundingProblem, integers: Int8Array) => rowErrors(asked, integers).reduce((a, b) => a + b, 0) / energy;

const inGivenOrder = (asked: RoundingProblem) =>
  roundInOrder(
    asked,
    Int32Array.from({ length: columns }, (_, i) => i),
  );

describe('the golden values of post-training.md 2.1', () => {
  test.for([
    [8, { nearest: 1.494e-5, gptq: 8.186e-6, ordered: 7.877e-6, obq: 7.92e-6, fromNearest: 8.27e-6, fromGptq: 7.996e-6 }],
    [4, { nearest: 3.913e-3, gptq: 3.106e-3, ordered: 2.936e-3, obq: 2.787e-3, fromNearest: 3.011e-3, fromGptq: 2.802e-3 }],
    [3, { nearest: 3.337e-2, gptq: 1.767e-2, ordered: 1.542e-2, obq: 1.398e-2, fromNearest: 1.683e-2, fromGptq: 1.69e-2 }],
  ] as const)('%i bits', ([bits, golden]) => {
    const asked = problem(bits);
    const errors = {
      nearest: relativeError(asked, roundToNearest(asked)),
      gptq: relativeError(asked, inGivenOrder(asked)),
      ordered: relativeError(asked, gptq(asked)),
      obq: relativeError(asked, optimalBrainQuantizer(asked)),
      fromNearest: relativeError(asked, descendFrom(roundToNearest(asked), asked)),
      fromGptq: relativeError(asked, descendFrom(inGivenOrder(asked), asked)),
    };
    // Four digits are given.
    for (const [name, value] of Object.entries(golden)) expect(errors[name as keyof typeof errors] / value, name).toBeCloseTo(1, 3);
  });

  test.for([
    [0.25, 8.399e-3],
    [0.5, 5.314e-2],
    [0.75, 2.043e-1],
  ] as const)('optimal brain surgeon at sparsity %f: %f', ([sparsity, golden]) => {
    const inverse = invertCholesky(dampedCholesky(hessian).factor);
    let error = 0;
    for (let row = 0; row < rows; row++) {
      const weights = target.data.subarray(row * columns, (row + 1) * columns);
      const trace = operate(weights, inverse, { count: sparsity * columns });
      expect(trace.weights.filter((w) => w === 0)).toHaveLength(sparsity * columns);
      const left = matrix(
        1,
        columns,
        trace.weights.map((w, i) => w - weights[i]!),
      );
      const own = multiplyTransposed(multiply(left, hessian), left).data[0]!;
      // What the steps predict is what comes out.
      expect(trace.losses.reduce((a, b) => a + b, 0)).toBeCloseTo(own, 9);
      error += own;
    }
    expect(error / energy / golden).toBeCloseTo(1, 3);
  });
});

describe('pruned weights', () => {
  const isFree = Uint8Array.from(lcg(9, rows * columns), (value) => Number(value > 0));
  const masked = {
    ...problem(4, isFree),
    target: matrix(
      rows,
      columns,
      target.data.map((w, i) => w * isFree[i]!),
    ),
  };

  test.for([
    ['nearest', roundToNearest],
    ['gptq', gptq],
    ['optimal brain quantizer', optimalBrainQuantizer],
    ['coordinate descent', coordinateDescent],
    ['adaround', adaround],
  ] as const)('stay zero: %s', ([, round]) => {
    const integers = round(masked);
    integers.forEach((integer, i) => {
      if (!isFree[i]) expect(integer).toBe(0);
      expect(Math.abs(integer)).toBeLessThanOrEqual(masked.largest);
    });
    expect(relativeError(masked, integers)).toBeLessThanOrEqual(relativeError(masked, roundToNearest(masked)));
  });
});

describe('adaround', () => {
  test('has the closed-form gradient of its error', () => {
    const asked = problem(3);
    const floors = target.data.map((w, i) => Math.floor(w / (asked.scales[Math.floor(i / columns)] as number)));
    const v = lcg(11, rows * columns).map((value) => 2 * value);
    const { gradient } = roundingGradient(asked, hessian, floors, v);
    const at = (i: number, shift: number) =>
      roundingGradient(
        asked,
        hessian,
        floors,
        v.map((value, k) => (k === i ? value + shift : value)),
      ).error;
    for (let i = 0; i < v.length; i += 7) expect((at(i, 1e-5) - at(i, -1e-5)) / 2e-5).toBeCloseTo(gradient[i]!, 4);
  });

  test('stretches the sigmoid so that 0 and 1 are reached', () => {
    expect(rectifiedSigmoid(0)).toBe(0.5);
    expect([rectifiedSigmoid(-3), rectifiedSigmoid(3)]).toEqual([0, 1]);
  });

  test.for([8, 4, 3])('beats GPTQ and what coordinate descent makes of it at %i bits', (bits) => {
    const asked = problem(bits);
    expect(relativeError(asked, adaround(asked))).toBeLessThan(relativeError(asked, coordinateDescent(asked)));
  });
});
