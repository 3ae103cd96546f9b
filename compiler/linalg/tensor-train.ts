/** Tensor-Train decomposition of a matrix (Oseledets 2011, algorithm 1; Novikov et al. 2015; methods.md 12). */
import { type Matrix, matrix, takeColumns } from './matrix.ts';
import { transposedMultiply } from './multiply.ts';
import { squaredNorm, svd } from './svd.ts';
import { denseTensor, permuteModes } from './tensor.ts';

/** G_k [r_{k-1}, m_k, n_k, r_k], row-major. */
export interface TensorTrainCore {
  readonly left: number;
  readonly outputs: number;
  readonly inputs: number;
  readonly right: number;
  readonly data: Float64Array;
}

export interface TensorTrainOptions {
  /** ‖A - Â‖ <= error · ‖A‖ is guaranteed. */
  readonly error?: number;
  /** At most these ranks between the cores. */
  readonly ranks?: readonly number[];
}

/** Σ m_k n_k r_{k-1} r_k. */
export function tensorTrainParameters(cores: readonly TensorTrainCore[]): number {
  return cores.reduce((sum, { data }) => sum + data.length, 0);
}

/**
 * @param w [Π outputs, Π inputs]
 * @param outputs m_1 … m_d  @param inputs n_1 … n_d
 */
export function tensorTrain(
  w: Matrix,
  outputs: readonly number[],
  inputs: readonly number[],
  { error = 0, ranks }: TensorTrainOptions = {},
): TensorTrainCore[] {
  const d = outputs.length;
  const order = Array.from({ length: d }, (_, k) => [k, d + k]).flat();
  let rest = permuteModes(denseTensor([...outputs, ...inputs], w.data), order).data;
  const allowed = (error * Math.sqrt(squaredNorm(w))) / Math.sqrt(Math.max(1, d - 1));
  const cores: TensorTrainCore[] = [];
  let left = 1;
  for (let k = 0; k < d - 1; k++) {
    const [m, n] = [outputs[k] as number, inputs[k] as number];
    const unfolded = matrix(left * m * n, rest.length / (left * m * n), rest);
    const { u, values } = svd(unfolded);
    let rank = values.length;
    for (let tail = 0; rank > 1; rank--) {
      tail += (values[rank - 1] as number) ** 2;
      if (Math.sqrt(tail) > allowed) break;
    }
    rank = Math.max(1, Math.min(rank, ranks?.[k] ?? rank));
    const kept = takeColumns(
      u,
      Array.from({ length: rank }, (_, i) => i),
    );
    cores.push({ left, outputs: m, inputs: n, right: rank, data: kept.data });
    rest = transposedMultiply(kept, unfolded).data;
    left = rank;
  }
  cores.push({ left, outputs: outputs[d - 1] as number, inputs: inputs[d - 1] as number, right: 1, data: rest });
  return cores;
}

/** The matrix that the cores stand for: multiplied out one after the other. */
export function composeTensorTrain(cores: readonly TensorTrainCore[]): Matrix {
  // product [outputs so far, inputs so far, right rank]
  let product = { outputs: 1, inputs: 1, rank: 1, data: Float64Array.of(1) };
  for (const { left, outputs, inputs, right, data } of cores) {
    const next = { outputs: product.outputs * outputs, inputs: product.inputs * inputs, rank: right, data: new Float64Array(0) };
    next.data = new Float64Array(next.outputs * next.inputs * right);
    for (let a = 0; a < product.outputs; a++)
      for (let b = 0; b < product.inputs; b++)
        for (let r = 0; r < left; r++) {
          const value = product.data[(a * product.inputs + b) * left + r] as number;
          for (let m = 0; m < outputs; m++)
            for (let n = 0; n < inputs; n++)
              for (let s = 0; s < right; s++) {
                const to = ((a * outputs + m) * next.inputs + b * inputs + n) * right + s;
                next.data[to] = (next.data[to] as number) + value * (data[((r * outputs + m) * inputs + n) * right + s] as number);
              }
        }
    product = next;
  }
  return matrix(product.outputs, product.inputs, product.data);
}
