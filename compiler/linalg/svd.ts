/**
 * Singular value decomposition A = U diag(s) Vᵀ by way of the smaller Gram matrix. Values below about 1e-7 of the largest
 * are lost by the squaring and left out: what is compressed has no use for them.
 */
import { type Matrix, matrix, takeColumns } from './matrix.ts';
import { multiply, multiplyTransposed, smallerGram, transposedMultiply } from './multiply.ts';
import { leadingSubspace } from './subspace.ts';
import { symmetricEigen, symmetricEigenvalues } from './symmetric-eigen.ts';

export interface Svd {
  /** [rows, rank], orthonormal columns. */
  readonly u: Matrix;
  /** Descending, positive. */
  readonly values: Float64Array;
  /** [columns, rank], orthonormal columns. */
  readonly v: Matrix;
}

/** Up to this size all eigenvectors are computed at once. */
export const DIRECT_SIZE = 512;

/** Eigenvalues of a Gram matrix that are smaller than this share of the largest, per unit of size, are rounding. */
const ROUNDING = 1e-15;

/** ‖A‖_F². */
export function squaredNorm({ data }: Matrix): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return sum;
}

/** All singular values, descending; those lost by squaring are 0. */
export function singularValues(a: Matrix): Float64Array {
  const gram = smallerGram(a);
  return rootsOf(symmetricEigenvalues(gram), gram.rows);
}

function rootsOf(eigenvalues: Float64Array, size: number): Float64Array {
  const least = ROUNDING * size * (eigenvalues[0] as number);
  return eigenvalues.map((value) => (value > least ? Math.sqrt(value) : 0));
}

/** The vectors of the other side, column by column divided by the singular values. */
function otherSide(a: Matrix, vectors: Matrix, values: Float64Array, isLeft: boolean): Matrix {
  const product = isLeft ? transposedMultiply(a, vectors) : multiply(a, vectors);
  for (let i = 0; i < product.data.length; i++) product.data[i] = (product.data[i] as number) / (values[i % product.columns] as number);
  return product;
}

function assemble(a: Matrix, vectors: Matrix, values: Float64Array, isLeft: boolean): Svd {
  const other = otherSide(a, vectors, values, isLeft);
  return isLeft ? { u: vectors, values, v: other } : { u: other, values, v: vectors };
}

/** Every singular triple that squaring leaves. */
function directSvd(a: Matrix): Svd {
  const isLeft = a.rows <= a.columns;
  const { values, vectors } = symmetricEigen(smallerGram(a));
  const roots = rootsOf(values, vectors.rows);
  const rank = roots.filter((value) => value > 0).length;
  const leading = takeColumns(
    vectors,
    Array.from({ length: rank }, (_, i) => i),
  );
  return assemble(a, leading, roots.slice(0, rank), isLeft);
}

/** The first `rank` triples, or fewer where there are not so many. */
function truncate({ u, values, v }: Svd, rank: number): Svd {
  if (rank >= values.length) return { u, values, v };
  const kept = Array.from({ length: rank }, (_, i) => i);
  return { u: takeColumns(u, kept), values: values.slice(0, rank), v: takeColumns(v, kept) };
}

/**
 * The `rank` largest singular triples (default: all). Large matrices of which few are wanted go through randomized
 * subspace iteration (Halko, Martinsson, Tropp 2011).
 */
export function svd(a: Matrix, rank: number = Math.min(a.rows, a.columns), seed = 0): Svd {
  const size = Math.min(a.rows, a.columns);
  if (size <= DIRECT_SIZE || rank > size / 3) return truncate(directSvd(a), rank);
  const { vectors, values } = leadingSubspace(a, rank, { seed });
  return assemble(a, vectors, values, true);
}

/** U diag(s) Vᵀ. */
export function composeSvd({ u, values, v }: Svd): Matrix {
  const scaled = matrix(u.rows, u.columns);
  for (let i = 0; i < scaled.data.length; i++) scaled.data[i] = (u.data[i] as number) * (values[i % u.columns] as number);
  return multiplyTransposed(scaled, v);
}
