import { expect, test } from 'vitest';
import { composeCp, cpDecomposition, degeneracyOf, LARGEST_DEGENERACY } from '../../../compiler/linalg/cp.ts';
import { cpError, refineCp } from '../../../compiler/linalg/cp-nls.ts';
import { denseTensor } from '../../../compiler/linalg/tensor.ts';
import { lcg, lcgMatrix } from '../compression/lcg.ts';

test('the planted decomposition of methods.md 11 is found to rounding', () => {
  const x = composeCp([lcgMatrix(31, 3, 4), lcgMatrix(32, 3, 4), lcgMatrix(33, 5, 4), lcgMatrix(34, 6, 4)]);
  const rough = cpDecomposition(x, 4, { sweeps: 30 });
  const refined = refineCp(x, rough.factors);
  // Relative error 3e-9: squared.
  expect(cpError(refined, x)).toBeLessThan(1e-16);
});

test('it goes on where alternating least squares crawls', () => {
  const x = denseTensor([6, 5, 9], lcg(21, 270));
  const rough = cpDecomposition(x, 6, { sweeps: 5, restarts: 1 });
  const refined = refineCp(x, rough.factors);
  expect(cpError(refined, x)).toBeLessThan(0.999 * rough.relativeError);
  // Nothing is left of the gradient: no factor alone can do better.
  const polished = cpDecomposition(x, 6, { sweeps: 2000, restarts: 1 });
  expect(cpError(refined, x)).toBeLessThan(1.05 * polished.relativeError);
});

test('components do not come to cancel each other where more of that would always gain', () => {
  // a⊗a⊗b + a⊗b⊗a + b⊗a⊗a is of rank 3, and the limit of tensors of rank 2 whose components grow without end.
  const a = [1, 0];
  const b = [0, 1];
  const x = denseTensor([2, 2, 2], new Float64Array(8));
  for (let i = 0; i < 8; i++) {
    const [p, q, r] = [i >> 2, (i >> 1) & 1, i & 1];
    x.data[i] = a[p]! * a[q]! * b[r]! + a[p]! * b[q]! * a[r]! + b[p]! * a[q]! * a[r]!;
  }
  const start = [lcgMatrix(1, 2, 2), lcgMatrix(2, 2, 2), lcgMatrix(3, 2, 2)];
  const free = refineCp(x, start);
  const bounded = refineCp(x, start, { largestDegeneracy: LARGEST_DEGENERACY });
  expect(degeneracyOf(free, x)).toBeGreaterThan(LARGEST_DEGENERACY);
  expect(degeneracyOf(bounded, x)).toBeLessThanOrEqual(LARGEST_DEGENERACY);
  expect(cpError(bounded, x)).toBeLessThan(cpError(start, x));
  const rough = cpDecomposition(x, 2, { sweeps: 5, restarts: 1 });
  expect(degeneracyOf(rough.factors, x)).toBeCloseTo(rough.degeneracy, 9);
});

test('refuses more unknowns than it can solve for', () => {
  const x = denseTensor([64, 64, 9], new Float64Array(64 * 64 * 9));
  expect(() => refineCp(x, [lcgMatrix(1, 64, 30), lcgMatrix(2, 64, 30), lcgMatrix(3, 9, 30)])).toThrow('4110 unknowns');
});
