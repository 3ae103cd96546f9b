/** W ≈ P Q of given or chosen rank: for the weights, or for the answers on inputs of known correlation. */
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import { type Matrix, matrix, takeColumns, transpose } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, smallerGram, transposedMultiply } from '../linalg/multiply.ts';
import { DIRECT_SIZE, squaredNorm, svd } from '../linalg/svd.ts';
import { symmetricEigen } from '../linalg/symmetric-eigen.ts';

/** P [h, t] and Q [t, d]. */
export interface Factors {
  readonly p: Matrix;
  readonly q: Matrix;
  /** What each possible component holds, descending; the first t are kept. */
  readonly energies: Float64Array;
  readonly total: number;
}

/** As many triples of a large matrix are computed first where the energies decide on the rank. */
const FIRST_TRIPLES = 32;

/** The leading triples, as many as are kept: energies of those that were not needed are 0. */
function leadingTriples(w: Matrix, total: number, chooseOf: (energies: Float64Array, total: number) => number) {
  const size = Math.min(w.rows, w.columns);
  const energies = new Float64Array(size);
  // A rank that is given is known at once.
  const given = chooseOf(energies, total);
  let count = size <= DIRECT_SIZE ? size : given < size ? given : FIRST_TRIPLES;
  for (;;) {
    const found = svd(w, count);
    found.values.forEach((value, i) => {
      energies[i] = value * value;
    });
    const rank = chooseOf(energies, total);
    if (rank <= count || count === size) return { found, energies, rank: Math.min(rank, found.values.length) };
    count = rank < size ? rank : Math.min(size, 2 * count);
  }
}

/** Truncated SVD, both factors scaled by √s. */
export function factorsOfWeights(w: Matrix, chooseOf: (energies: Float64Array, total: number) => number): Factors {
  const total = squaredNorm(w);
  const { found, energies, rank } = leadingTriples(w, total, chooseOf);
  const kept = indices(rank);
  const [p, v] = [takeColumns(found.u, kept), takeColumns(found.v, kept)];
  for (const factor of [p, v])
    for (let i = 0; i < factor.data.length; i++) factor.data[i] = (factor.data[i] as number) * Math.sqrt(found.values[i % rank] as number);
  return { p, q: transpose(v), energies, total };
}

/** Components that hold a smaller share of the whole are rounding where they come from the smaller side. */
const SURE_SHARE = 1e-12;

/** Eigenvectors of W* R W*ᵀ = B Bᵀ with B = W* L and R = L Lᵀ, by those of Bᵀ B: [d, d] instead of [h, h]. */
function eigenOfFewInputs(best: Matrix, correlation: Matrix): { energies: Float64Array; leading: (rank: number) => Matrix | undefined } {
  const b = multiply(best, dampedCholesky(correlation).factor);
  const { values, vectors } = symmetricEigen(smallerGram(b));
  const energies = new Float64Array(best.rows);
  values.forEach((value, i) => {
    energies[i] = Math.max(0, value);
  });
  const least = SURE_SHARE * (energies[0] as number);
  const leading = (rank: number) => {
    if (rank > values.length || !((energies[rank - 1] as number) > least)) return undefined;
    const left = multiply(b, takeColumns(vectors, indices(rank)));
    for (let i = 0; i < left.data.length; i++) left.data[i] = (left.data[i] as number) / Math.sqrt(energies[i % rank] as number);
    return left;
  };
  return { energies, leading };
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Leading eigenvectors of W* R W*ᵀ. @param best W* [h, d]  @param correlation R [d, d], centred */
export function factorsOfResponses(
  best: Matrix,
  correlation: Matrix,
  chooseOf: (energies: Float64Array, total: number) => number,
): Factors {
  const chosen = (energies: Float64Array) => {
    const total = energies.reduce((a, b) => a + b, 0);
    return { energies, total, rank: Math.min(chooseOf(energies, total), best.columns) };
  };
  if (best.rows > best.columns) {
    const { energies, leading } = eigenOfFewInputs(best, correlation);
    const { total, rank } = chosen(energies);
    const p = leading(rank);
    if (p) return { p, q: transposedMultiply(p, best), energies, total };
  }
  const { values, vectors } = symmetricEigen(multiplyTransposed(multiply(best, correlation), best));
  const { energies, total, rank } = chosen(values.map((value) => Math.max(0, value)));
  const p = takeColumns(vectors, indices(rank));
  return { p, q: transposedMultiply(p, best), energies, total };
}

/** W* = G R⁻¹. */
export function leastSquares(cross: Matrix, correlation: Matrix, ridge: number): Matrix {
  return leastSquaresOn(correlation, ridge)(cross);
}

/** The same for many G on one R, which is factored once. */
export function leastSquaresOn(correlation: Matrix, ridge: number): (cross: Matrix) => Matrix {
  const { factor } = dampedCholesky(correlation, ridge);
  return (cross) => transpose(solveCholesky(factor, transpose(cross)));
}

/** Scales the components of a pair so that each has the same root mean square on the samples; without samples, the same norm. */
export function balanceFactors({ p, q }: Pick<Factors, 'p' | 'q'>, correlation?: Matrix): { p: Matrix; q: Matrix } {
  const spread = correlation ? multiplyTransposed(multiply(q, correlation), q) : multiplyTransposed(q, q);
  const size = Float64Array.from({ length: q.rows }, (_, i) => Math.sqrt(Math.max(1e-30, spread.data[i * q.rows + i] as number)));
  const scaledQ = matrix(
    q.rows,
    q.columns,
    q.data.map((value, i) => value / (size[Math.floor(i / q.columns)] as number)),
  );
  const scaledP = matrix(
    p.rows,
    p.columns,
    p.data.map((value, i) => value * (size[i % p.columns] as number)),
  );
  return { p: scaledP, q: scaledQ };
}
