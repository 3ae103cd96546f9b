/** Dense float64 matrices, row by row. Plain numeric functions stand beside this file; they know nothing of graphs. */

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows · columns numbers, row-major. */
  readonly data: Float64Array;
}

/** A matrix of zeros, or of the given numbers (copied unless they are a Float64Array). */
export function matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix {
  const numbers = data instanceof Float64Array ? data : new Float64Array(rows * columns);
  if (data && numbers !== data) numbers.set(data);
  if (numbers.length !== rows * columns) throw new Error(`${numbers.length} numbers do not fill a ${rows} x ${columns} matrix`);
  return { rows, columns, data: numbers };
}

export function identity(size: number): Matrix {
  const result = matrix(size, size);
  for (let i = 0; i < size; i++) result.data[i * size + i] = 1;
  return result;
}

export function transpose({ rows, columns, data }: Matrix): Matrix {
  const result = matrix(columns, rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result.data[j * rows + i] = data[i * columns + j] as number;
  return result;
}

/** The columns with these indices, in this order. */
export function takeColumns({ rows, columns, data }: Matrix, indices: ArrayLike<number>): Matrix {
  const result = matrix(rows, indices.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < indices.length; j++) result.data[i * indices.length + j] = data[i * columns + (indices[j] as number)] as number;
  return result;
}

/** The rows with these indices, in this order. */
export function takeRows({ columns, data }: Matrix, indices: ArrayLike<number>): Matrix {
  const result = matrix(indices.length, columns);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * columns;
    result.data.set(data.subarray(from, from + columns), i * columns);
  }
  return result;
}

export function trace({ rows, columns, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < Math.min(rows, columns); i++) sum += data[i * columns + i] as number;
  return sum;
}

/** Σ a_ij · b_ij. */
export function innerProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a + factor · b, as a new matrix. */
export function addScaled(a: Matrix, b: Matrix, factor: number): Matrix {
  const data = new Float64Array(a.data.length);
  // A call per number would take eight times as long.
  for (let i = 0; i < data.length; i++) data[i] = (a.data[i] as number) + factor * (b.data[i] as number);
  return { ...a, data };
}

/** The mean of each column: [columns]. */
export function columnMeans({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      means[column] = (means[column] as number) + (data[row * columns + column] as number) / rows;
  return means;
}

/** Each row less `means`. */
export function centredBy({ rows, columns, data }: Matrix, means: ArrayLike<number>): Matrix {
  const centred = matrix(rows, columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      centred.data[at] = (data[at] as number) - (means[column] as number);
    }
  return centred;
}
