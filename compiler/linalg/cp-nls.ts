/**
 * Canonical polyadic decomposition by nonlinear least squares: Levenberg-Marquardt over all factors at once (Tomasi and
 * Bro 2006; Lebedev et al. 2015 compute theirs so; methods.md 11). Neither the Jacobian nor J Jᵀ of the residuals is made:
 * with G_q the Gram matrices of the factors, the blocks of Jᵀ J are
 *
 *     (k, k)   I ⊗ Π_{q≠k} G_q            (k, l)   F_k[a, r'] F_l[b, r] · Π_{q≠k,l} G_q[r, r']
 */
import { cholesky, damped, solveCholesky } from './cholesky.ts';
import { composeCp, degeneracyOf, khatriRao } from './cp.ts';
import { innerProduct, type Matrix, matrix, trace } from './matrix.ts';
import { multiply, transposedMultiply } from './multiply.ts';
import { type DenseTensor, unfold } from './tensor.ts';

/** Unknowns of all factors: Jᵀ J of more does not fit comfortably. */
export const LARGEST_UNKNOWNS = 3000;

/** Elementwise product of matrices of one size. */
function hadamard(matrices: readonly Matrix[], size: number): Matrix {
  const result = matrix(size, size);
  result.data.fill(1);
  for (const { data } of matrices) for (let i = 0; i < data.length; i++) result.data[i] = (result.data[i] as number) * (data[i] as number);
  return result;
}

function normalMatrix(factors: readonly Matrix[], grams: readonly Matrix[]): Matrix {
  const rank = (factors[0] as Matrix).columns;
  const first = factors.map((_, k) => factors.slice(0, k).reduce((sum, { rows }) => sum + rows * rank, 0));
  const size = factors.reduce((sum, { rows }) => sum + rows * rank, 0);
  const result = matrix(size, size);
  factors.forEach((fk, k) => {
    factors.forEach((fl, l) => {
      const rest = hadamard(
        grams.filter((_, q) => q !== k && q !== l),
        rank,
      ).data;
      for (let a = 0; a < fk.rows; a++)
        for (let r = 0; r < rank; r++) {
          const row = ((first[k] as number) + a * rank + r) * size + (first[l] as number);
          if (k === l) for (let s = 0; s < rank; s++) result.data[row + a * rank + s] = rest[r * rank + s] as number;
          else
            for (let b = 0; b < fl.rows; b++)
              for (let s = 0; s < rank; s++)
                result.data[row + b * rank + s] =
                  (fk.data[a * rank + s] as number) * (fl.data[b * rank + r] as number) * (rest[r * rank + s] as number);
        }
    });
  });
  return result;
}

function squaredError(factors: readonly Matrix[], x: DenseTensor): number {
  const { data } = composeCp(factors);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += ((data[i] as number) - (x.data[i] as number)) ** 2;
  return sum;
}

/** ‖X̂ - X‖² / ‖X‖². */
export function cpError(factors: readonly Matrix[], x: DenseTensor): number {
  return squaredError(factors, x) / (innerProduct(x.data, x.data) || 1);
}

/**
 * @param start factors to begin with, as alternating least squares gives them
 * @returns factors whose error is not larger; the last ones before components cancel each other more than `largestDegeneracy`
 * @throws Error when there are too many unknowns.
 */
export function refineCp(
  x: DenseTensor,
  start: readonly Matrix[],
  { iterations = 100, tolerance = 1e-9, largestDegeneracy = Number.POSITIVE_INFINITY } = {},
): Matrix[] {
  const unknowns = start.reduce((sum, { data }) => sum + data.length, 0);
  if (unknowns > LARGEST_UNKNOWNS) throw new Error(`${unknowns} unknowns are more than the ${LARGEST_UNKNOWNS} that are solved at once`);
  const unfolded = x.shape.map((_, mode) => unfold(x, mode));
  let factors = [...start];
  let error = squaredError(factors, x);
  let share = 1e-3;
  for (let iteration = 0; iteration < iterations && error > 0; iteration++) {
    const grams = factors.map((factor) => transposedMultiply(factor, factor));
    const rank = (factors[0] as Matrix).columns;
    const gradient = new Float64Array(unknowns);
    let at = 0;
    factors.forEach((factor, k) => {
      const model = multiply(
        factor,
        hadamard(
          grams.filter((_, q) => q !== k),
          rank,
        ),
      ).data;
      const data = multiply(unfolded[k] as Matrix, khatriRao(factors, k)).data;
      for (let i = 0; i < model.length; i++) gradient[at++] = (data[i] as number) - (model[i] as number);
    });
    const normal = normalMatrix(factors, grams);
    const mean = trace(normal) / unknowns;
    let improved: { factors: Matrix[]; error: number } | undefined;
    while (!improved && share < 1e6) {
      const factor = cholesky(damped(normal, share * mean));
      const step = factor && solveCholesky(factor, matrix(unknowns, 1, gradient)).data;
      let offset = 0;
      const tried = factors.map((f) => {
        const data = f.data.map((value, i) => value + (step?.[offset + i] ?? 0));
        offset += f.data.length;
        return { ...f, data };
      });
      const next = step ? squaredError(tried, x) : Number.POSITIVE_INFINITY;
      // What the quadratic model promises: pᵀ g + μ pᵀ p, for the error and not its half.
      const promised = step ? innerProduct(step, gradient) + share * mean * innerProduct(step, step) : 1;
      if (next < error) {
        improved = { factors: tried, error: next };
        if (error - next > 0.5 * promised) share = Math.max(1e-12, share / 5);
      } else share *= 4;
    }
    if (!improved) break;
    if (degeneracyOf(improved.factors, x) > largestDegeneracy) break;
    const gained = error - improved.error;
    ({ factors, error } = improved);
    if (gained <= tolerance * error) break;
  }
  return factors;
}
