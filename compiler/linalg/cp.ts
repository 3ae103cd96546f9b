/**
 * Canonical polyadic decomposition by alternating least squares (Carroll and Chang 1970, Harshman 1970; Lebedev et al.
 * 2015 for convolutions; methods.md 11). The best rank cannot be computed for orders above 2: it is the caller's.
 */
import { dampedCholesky, solveCholesky } from './cholesky.ts';
import { type Matrix, matrix, transpose } from './matrix.ts';
import { multiply, transposedMultiply } from './multiply.ts';
import { normalRandom } from './random.ts';
import { squaredNorm } from './svd.ts';
import { type DenseTensor, unfold } from './tensor.ts';
import { leadingVectors } from './tucker2.ts';

export interface Cp {
  /** One per mode: [extent, rank]. The norms of a component's columns are equal over the modes. */
  readonly factors: readonly Matrix[];
  /** ‖X - X̂‖² / ‖X‖². */
  readonly relativeError: number;
  /** Σ of the components' norms over √rank ‖X‖: 1 for orthogonal components of equal size, far above it when they cancel each other. */
  readonly degeneracy: number;
}

export interface CpOptions {
  readonly sweeps?: number;
  readonly restarts?: number;
  readonly seed?: number;
  /** Damping as a share of the mean of the diagonal: keeps components from growing against each other. */
  readonly damping?: number;
}

/** Column-wise Kronecker product of all factors but one, rows in the order of `unfold`. */
export function khatriRao(factors: readonly Matrix[], except: number): Matrix {
  const others = factors.filter((_, mode) => mode !== except);
  return others.reduce((left, right) => {
    const result = matrix(left.rows * right.rows, left.columns);
    for (let i = 0; i < left.rows; i++)
      for (let j = 0; j < right.rows; j++)
        for (let r = 0; r < left.columns; r++)
          result.data[(i * right.rows + j) * left.columns + r] =
            (left.data[i * left.columns + r] as number) * (right.data[j * left.columns + r] as number);
    return result;
  });
}

/** Elementwise product of the Gram matrices of all factors but one. */
function hadamardOfGrams(factors: readonly Matrix[], except: number): Matrix {
  const rank = (factors[0] as Matrix).columns;
  const result = matrix(rank, rank);
  result.data.fill(1);
  factors.forEach((factor, mode) => {
    if (mode === except) return;
    const gram = transposedMultiply(factor, factor).data;
    for (let i = 0; i < result.data.length; i++) result.data[i] = (result.data[i] as number) * (gram[i] as number);
  });
  return result;
}

export function composeCp(factors: readonly Matrix[]): DenseTensor {
  const [first, ...rest] = factors as [Matrix, ...Matrix[]];
  const shape = factors.map(({ rows }) => rows);
  const others = rest.length ? khatriRao(factors, 0) : matrix(1, first.columns, new Array(first.columns).fill(1));
  return { shape, data: multiply(first, transpose(others)).data };
}

function columnNorm({ rows, columns, data }: Matrix, column: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += (data[i * columns + column] as number) ** 2;
  return Math.sqrt(sum);
}

function scaleColumn({ rows, columns, data }: Matrix, column: number, factor: number): void {
  for (let i = 0; i < rows; i++) data[i * columns + column] = (data[i * columns + column] as number) * factor;
}

/** Components that cancel each other so much would need more than 8 bits (methods.md 11, stability trap). */
export const LARGEST_DEGENERACY = 10;

/** Σ of the components' norms over √rank ‖X‖. */
export function degeneracyOf(factors: readonly Matrix[], x: DenseTensor): number {
  const rank = (factors[0] as Matrix).columns;
  let sum = 0;
  for (let r = 0; r < rank; r++) sum += factors.reduce((product, factor) => product * columnNorm(factor, r), 1);
  return sum / Math.sqrt(rank * squaredNorm({ rows: 1, columns: x.data.length, data: x.data }));
}

/** Gives every factor of a component the same norm; returns the sum of the components' norms. */
function balance(factors: readonly Matrix[]): number {
  let sum = 0;
  const rank = (factors[0] as Matrix).columns;
  for (let r = 0; r < rank; r++) {
    const norms = factors.map((factor) => columnNorm(factor, r));
    const product = norms.reduce((a, b) => a * b, 1);
    sum += product;
    const each = product ** (1 / factors.length);
    factors.forEach((factor, mode) => scaleColumn(factor, r, (norms[mode] as number) > 0 ? each / (norms[mode] as number) : 0));
  }
  return sum;
}

function start(x: DenseTensor, rank: number, seed: number, isRandom: boolean): Matrix[] {
  const random = normalRandom(seed);
  return x.shape.map((extent, mode) => {
    const leading = isRandom ? undefined : leadingVectors(x, mode, rank);
    const factor = matrix(extent, rank);
    for (let i = 0; i < extent; i++)
      for (let r = 0; r < rank; r++)
        factor.data[i * rank + r] = leading && r < leading.columns ? (leading.data[i * leading.columns + r] as number) : random();
    return factor;
  });
}

/** One run from one start. */
function alternate(x: DenseTensor, factors: Matrix[], { sweeps = 500, damping = 1e-9 }: CpOptions): number {
  const unfolded = x.shape.map((_, mode) => unfold(x, mode));
  const norm = squaredNorm({ rows: 1, columns: x.data.length, data: x.data });
  let last = Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    x.shape.forEach((_, mode) => {
      const right = multiply(unfolded[mode] as Matrix, khatriRao(factors, mode));
      factors[mode] = transpose(solveCholesky(dampedCholesky(hadamardOfGrams(factors, mode), damping).factor, transpose(right)));
    });
    balance(factors);
    const rebuilt = composeCp(factors).data;
    let error = 0;
    for (let i = 0; i < rebuilt.length; i++) error += ((rebuilt[i] as number) - (x.data[i] as number)) ** 2;
    error /= norm;
    if (error < 1e-18 || Math.abs(last - error) < 1e-7 * error) return error;
    last = error;
  }
  return last;
}

/** The best of a few starts: the first from the leading singular vectors, the others random. */
export function cpDecomposition(x: DenseTensor, rank: number, options: CpOptions = {}): Cp {
  const norm = Math.sqrt(squaredNorm({ rows: 1, columns: x.data.length, data: x.data }));
  let best: Cp | undefined;
  for (let restart = 0; restart < (options.restarts ?? 3); restart++) {
    const factors = start(x, rank, (options.seed ?? 0) + restart, restart > 0);
    const relativeError = alternate(x, factors, options);
    const found = { factors, relativeError, degeneracy: balance(factors) / (norm * Math.sqrt(rank)) };
    if (!best || found.relativeError < best.relativeError) best = found;
    if (best.relativeError < 1e-16) break;
  }
  return best as Cp;
}
