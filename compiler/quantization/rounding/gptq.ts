/**
 * GPTQ (Frantar et al., ICLR 2023; post-training.md 2.2): column after column is rounded for all rows at once, and what that
 * changes in the answers is taken back by the columns that are still to come. Columns whose inputs vary most come first.
 */
import { inverseFactor } from '../../linalg/cholesky.ts';
import { type Matrix, matrix } from '../../linalg/matrix.ts';
import { nearestInteger, type Rounding, type RoundingProblem } from './problem.ts';

/** Columns by falling variance of their inputs. */
function columnOrder({ rows: n, data }: Matrix): Int32Array {
  const variance = (column: number) => data[column * n + column] as number;
  return Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => variance(j) - variance(i) || i - j);
}

function permuted({ rows: n, data }: Matrix, order: Int32Array): Matrix {
  return matrix(
    n,
    n,
    Float64Array.from({ length: n * n }, (_, at) => data[(order[Math.floor(at / n)] as number) * n + (order[at % n] as number)] as number),
  );
}

/** GPTQ with the columns in this order. */
export function roundInOrder({ target, hessian, scales, largest, isFree }: RoundingProblem, order: Int32Array): Int8Array {
  const { rows, columns } = target;
  const u = inverseFactor(permuted(hessian, order)).data;
  const w = target.data.slice();
  const integers = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const scale = scales[row] as number;
    for (let i = 0; i < columns; i++) {
      const at = from + (order[i] as number);
      // A pruned weight is settled on 0 like the others on their integers, whatever the ones before have made of it.
      const integer = isFree[at] ? nearestInteger((w[at] as number) / scale, largest) : 0;
      integers[at] = integer;
      const error = ((w[at] as number) - scale * integer) / (u[i * columns + i] as number);
      if (error === 0) continue;
      for (let j = i + 1; j < columns; j++) {
        const later = from + (order[j] as number);
        w[later] = (w[later] as number) - error * (u[i * columns + j] as number);
      }
    }
  }
  return integers;
}

export const gptq: Rounding = (problem) => roundInOrder(problem, columnOrder(problem.hessian));
