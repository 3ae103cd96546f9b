/**
 * Factors that answer as the original did, whatever their structure (methods.md 13.1 and 13.2 for any multilinear form):
 *
 *     min over f_1 … f_n   tr((W(f) - W*) R (W(f) - W*)ᵀ),   W* = G R⁻¹
 *
 * W* are the best weights without any structure. The weights' own decomposition treats all inputs alike; those of a
 * network are far from alike, and the same number of parameters answers several times better when it knows R.
 */

import { damped } from '../linalg/cholesky.ts';
import { minimize } from '../linalg/lbfgs.ts';
import { addScaled, innerProduct, type Matrix, trace } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';

/** Weights that are made of factors, linear in each of them. */
export interface FactoredWeights {
  /** [outputs, columns] */
  compose(factors: readonly Matrix[]): Matrix;
  /** What a gradient with respect to the weights is with respect to each factor. */
  pullBack(factors: readonly Matrix[], gradient: Matrix): Matrix[];
}

export interface FitFactorsOptions {
  readonly iterations: number;
  /** Damping, as a share of the mean of the diagonal of R: directions that the samples lack are not left to chance. */
  readonly ridge: number;
}

export interface FittedFactors {
  readonly factors: readonly Matrix[];
  /** tr((W - W*) R (W - W*)ᵀ) / tr(W* R W*ᵀ). */
  readonly relativeError: number;
}

function concatenated(factors: readonly Matrix[]): Float64Array {
  const all = new Float64Array(factors.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of factors) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

function split(all: Float64Array, shapes: readonly Matrix[]): Matrix[] {
  let at = 0;
  return shapes.map(({ rows, columns, data }) => {
    const part = all.subarray(at, at + data.length);
    at += data.length;
    return { rows, columns, data: part };
  });
}

/** @param best W* [outputs, columns]  @param correlation R, centred where the layer has a bias */
export function fitFactors(
  structure: FactoredWeights,
  start: readonly Matrix[],
  best: Matrix,
  correlation: Matrix,
  { iterations, ridge }: FitFactorsOptions,
): FittedFactors {
  const r = damped(correlation, (ridge * trace(correlation)) / correlation.rows);
  const scale = innerProduct(multiply(best, r).data, best.data) || 1;
  const evaluate = (x: Float64Array) => {
    const factors = split(x, start);
    const error = addScaled(structure.compose(factors), best, -1);
    const slope = multiply(error, r);
    const value = innerProduct(error.data, slope.data) / scale;
    for (let i = 0; i < slope.data.length; i++) slope.data[i] = (2 * (slope.data[i] as number)) / scale;
    return { value, gradient: concatenated(structure.pullBack(factors, slope)) };
  };
  const { x, value } = minimize(evaluate, concatenated(start), { iterations });
  return { factors: split(x, start), relativeError: value };
}
