/**
 * Low rank that knows of the ReLU behind it (Zhang et al., TPAMI 2016, section 3.2; methods.md 13.3): errors of answers
 * that are cut off do not count. With ŷ what the layer answers now and y what the original answered,
 *
 *     min over M of rank t, b, z   Σ ‖max(0, y) - max(0, z)‖² + λ ‖z - (M ŷ + b)‖²
 *
 * alternates between z, number by number, and M, by reduced-rank regression; λ grows from 0.01 to 1.
 */
import { centredBy, columnMeans, type Matrix, matrix } from '../linalg/matrix.ts';
import { addGram, addTransposedProduct, multiply, multiplyTransposed } from '../linalg/multiply.ts';
import { factorsOfResponses, leastSquaresOn } from './reduced-rank.ts';

export interface RectifiedFactors {
  /** [h, t] and [t, h]: M = P Q. */
  readonly p: Matrix;
  readonly q: Matrix;
  /** b: [h]. */
  readonly bias: Float64Array;
}

/** λ and how often. */
const SCHEDULE = [
  [0.01, 25],
  [1, 25],
] as const;

/** z of one number: below zero as far as the model wants, or above it between the model and the original. */
function bestValue(model: number, wanted: number, lambda: number): number {
  const below = Math.min(0, model);
  const above = Math.max(0, (lambda * model + wanted) / (lambda + 1));
  const cost = (z: number) => (wanted - Math.max(0, z)) ** 2 + lambda * (z - model) ** 2;
  return cost(below) <= cost(above) ? below : above;
}

/**
 * @param answers ŷ [n, h]: current linear answers  @param targets y [n, h]: the original's
 * @param ridge damping, as a share of the mean of the diagonal
 */
export function rectifiedFactors(answers: Matrix, targets: Matrix, rank: number, ridge = 1e-6): RectifiedFactors {
  const { rows: n, columns: h } = answers;
  const mean = columnMeans(answers);
  const centred = centredBy(answers, mean);
  const correlation = matrix(h, h);
  addGram(correlation, centred);
  const leastSquares = leastSquaresOn(correlation, ridge);
  const regress = (z: Matrix): RectifiedFactors => {
    const zMean = columnMeans(z);
    const cross = matrix(h, h);
    addTransposedProduct(cross, centredBy(z, zMean), centred);
    const { p, q } = factorsOfResponses(leastSquares(cross), correlation, () => rank);
    const shift = multiply(p, multiply(q, matrix(h, 1, mean))).data;
    return { p, q, bias: zMean.map((value, o) => value - (shift[o] as number)) };
  };
  let found = regress(targets);
  for (const [lambda, times] of SCHEDULE)
    for (let i = 0; i < times; i++) {
      const model = multiplyTransposed(multiplyTransposed(answers, found.q), found.p).data;
      const z = matrix(n, h);
      for (let j = 0; j < z.data.length; j++) {
        const wanted = Math.max(0, targets.data[j] as number);
        z.data[j] = bestValue((model[j] as number) + (found.bias[j % h] as number), wanted, lambda);
      }
      found = regress(z);
    }
  return found;
}

/** Σ (max(0, y) - max(0, M ŷ + b))² / Σ (max(0, y) - its mean)². */
export function rectifiedError(answers: Matrix, targets: Matrix, { p, q, bias }: RectifiedFactors): number {
  const model = multiplyTransposed(multiplyTransposed(answers, q), p).data;
  const wanted = { ...targets, data: targets.data.map((value) => Math.max(0, value)) };
  const means = columnMeans(wanted);
  let [error, variance] = [0, 0];
  wanted.data.forEach((value, i) => {
    const o = i % means.length;
    error += (value - Math.max(0, (model[i] as number) + (bias[o] as number))) ** 2;
    variance += (value - (means[o] as number)) ** 2;
  });
  return variance > 0 ? error / variance : 0;
}
