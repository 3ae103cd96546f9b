/** The weights of a dense layer as a Tensor-Train: W[(i_1 … i_d), (j_1 … j_d)] = G_1[i_1, j_1] … G_d[i_d, j_d]. */
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { denseTensor, permuteModes } from '../linalg/tensor.ts';
import type { TensorTrainCore } from '../linalg/tensor-train.ts';
import type { FactoredWeights } from './fit-factors.ts';

/** m_k and n_k of every core. */
export interface TensorTrainShape {
  readonly outputs: readonly number[];
  readonly inputs: readonly number[];
}

/** A core as a factor: [r_{k-1} · m_k · n_k, r_k]. */
export function factorOfCore({ data, right }: TensorTrainCore): Matrix {
  return matrix(data.length / right, right, data);
}

export function coresOfFactors(factors: readonly Matrix[], { outputs, inputs }: TensorTrainShape): TensorTrainCore[] {
  return factors.map(({ rows, columns, data }, k) => {
    const [m, n] = [outputs[k] as number, inputs[k] as number];
    return { left: rows / (m * n), outputs: m, inputs: n, right: columns, data };
  });
}

function reshaped({ data }: Matrix, rows: number): Matrix {
  return matrix(rows, data.length / rows, data);
}

/** Products of the cores before each one: [Π m n before, r_{k-1}]; the last entry is all of them. */
function leftProducts(factors: readonly Matrix[]): Matrix[] {
  const products = [matrix(1, 1, [1])];
  for (const factor of factors) {
    const before = products.at(-1) as Matrix;
    const next = multiply(before, reshaped(factor, before.columns));
    products.push(reshaped(next, next.data.length / factor.columns));
  }
  return products;
}

/** Products of the cores behind each one: [r_k, Π m n behind]. */
function rightProducts(factors: readonly Matrix[]): Matrix[] {
  const products = [matrix(1, 1, [1])];
  for (const [k, factor] of [...factors.entries()].slice(1).reverse()) {
    const next = multiply(factor, products[0] as Matrix);
    products.unshift(reshaped(next, (factors[k - 1] as Matrix).columns));
  }
  return products;
}

export function tensorTrainWeights({ outputs, inputs }: TensorTrainShape): FactoredWeights {
  const d = outputs.length;
  const rows = outputs.reduce((a, b) => a * b, 1);
  /** [m_1, n_1, m_2, n_2 …] from [m_1 … m_d, n_1 … n_d], and back. */
  const interleaved = outputs.flatMap((m, k) => [m, inputs[k] as number]);
  const interleave = outputs.flatMap((_, k) => [k, d + k]);
  const separate = [...outputs.map((_, k) => 2 * k), ...outputs.map((_, k) => 2 * k + 1)];
  return {
    compose(factors) {
      const { data } = permuteModes(denseTensor(interleaved, (leftProducts(factors).at(-1) as Matrix).data), separate);
      return matrix(rows, data.length / rows, data);
    },

    pullBack(factors, gradient) {
      const turned = permuteModes(denseTensor([...outputs, ...inputs], gradient.data), interleave).data;
      const [left, right] = [leftProducts(factors), rightProducts(factors)];
      return factors.map((factor, k) => {
        const before = left[k] as Matrix;
        const summed = transposedMultiply(before, matrix(before.rows, turned.length / before.rows, turned));
        return multiplyTransposed(reshaped(summed, factor.rows), right[k] as Matrix);
      });
    },
  };
}
