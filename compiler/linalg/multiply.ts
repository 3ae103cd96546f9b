/** Products of matrices, on the WASM kernels. */
import { fetch, linalgKernels, place } from './kernels.ts';
import { type Matrix, matrix } from './matrix.ts';

/** Operations below which copying and packing cost more than the product. */
const SMALL_PRODUCT = 4096;

/** How an operand is read: rows and columns of op(X), and the distances between its rows and columns in numbers. */
interface View {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly row: number;
  readonly column: number;
}

function asIs({ rows, columns, data }: Matrix): View {
  return { data, rows, columns, row: columns, column: 1 };
}

function transposed({ rows, columns, data }: Matrix): View {
  return { data, rows: columns, columns: rows, row: 1, column: columns };
}

function addPlainly(target: Matrix, a: View, b: View, alpha: number): void {
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.columns; k++) {
      const factor = alpha * (a.data[i * a.row + k * a.column] as number);
      for (let j = 0; j < b.columns; j++) {
        const at = i * target.columns + j;
        target.data[at] = (target.data[at] as number) + factor * (b.data[k * b.row + j * b.column] as number);
      }
    }
}

function add(target: Matrix, a: View, b: View, alpha = 1): void {
  if (a.columns !== b.rows || target.rows !== a.rows || target.columns !== b.columns)
    throw new Error(`[${a.rows}, ${a.columns}] times [${b.rows}, ${b.columns}] does not make [${target.rows}, ${target.columns}]`);
  if (a.rows * a.columns * b.columns < SMALL_PRODUCT) {
    addPlainly(target, a, b, alpha);
    return;
  }
  const kernels = linalgKernels();
  const same = a.data === b.data;
  const [scratch, to, first, second] = place(kernels.productScratchBytes(), target.data, a.data, ...(same ? [] : [b.data])) as [
    number,
    number,
    number,
    number?,
  ];
  kernels.addProductFloat64(
    a.rows,
    b.columns,
    a.columns,
    alpha,
    first,
    8 * a.row,
    8 * a.column,
    second ?? first,
    8 * b.row,
    8 * b.column,
    to,
    8 * target.columns,
    0,
    scratch,
  );
  fetch(target.data, to);
}

/** target += alpha · a · b. */
export function addProduct(target: Matrix, a: Matrix, b: Matrix, alpha = 1): void {
  add(target, asIs(a), asIs(b), alpha);
}

/** a · b. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, b.columns);
  add(result, asIs(a), asIs(b));
  return result;
}

/** target += aᵀ · b, for a [n, p] and b [n, q]. */
export function addTransposedProduct(target: Matrix, a: Matrix, b: Matrix): void {
  add(target, transposed(a), asIs(b));
}

/** aᵀ · b. */
export function transposedMultiply(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.columns, b.columns);
  add(result, transposed(a), asIs(b));
  return result;
}

/** a · bᵀ. */
export function multiplyTransposed(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, b.rows);
  add(result, asIs(a), transposed(b));
  return result;
}

/** target += x · xᵀ of op(x), by its lower half. */
function addSymmetric(target: Matrix, x: View): void {
  const size = x.rows;
  if (target.rows !== size || target.columns !== size)
    throw new Error(`a Gram matrix of ${size} is not [${target.rows}, ${target.columns}]`);
  const kernels = linalgKernels();
  const [scratch, to, from] = place(kernels.productScratchBytes(), target.data, x.data) as [number, number, number];
  const [row, column] = [8 * x.row, 8 * x.column];
  kernels.addProductFloat64(size, size, x.columns, 1, from, row, column, from, column, row, to, 8 * size, 1, scratch);
  kernels.mirrorLower(size, to);
  fetch(target.data, to);
}

/** target += xᵀ · x, for x [n, d]: the sum of the outer products of its rows. The target is symmetric. */
export function addGram(target: Matrix, x: Matrix): void {
  addSymmetric(target, transposed(x));
}

/** The smaller of a · aᵀ and aᵀ · a: their eigenvalues are the squares of the singular values of a. */
export function smallerGram(a: Matrix): Matrix {
  const result = matrix(Math.min(a.rows, a.columns), Math.min(a.rows, a.columns));
  addSymmetric(result, a.rows <= a.columns ? asIs(a) : transposed(a));
  return result;
}
