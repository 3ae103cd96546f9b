/** Dense tensors of any order, row-major, and what decompositions do to them: unfold a mode, multiply a mode by a matrix. */
import { type Matrix, matrix, transpose } from './matrix.ts';
import { multiply } from './multiply.ts';

export interface DenseTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function denseTensor(shape: readonly number[], data: ArrayLike<number>): DenseTensor {
  return { shape, data: Float64Array.from(data) };
}

function split(shape: readonly number[], mode: number): [number, number, number] {
  const product = (extents: readonly number[]) => extents.reduce((a, b) => a * b, 1);
  return [product(shape.slice(0, mode)), shape[mode] as number, product(shape.slice(mode + 1))];
}

/** X_(mode) [extent, all others]: the others in their own order, the last one running fastest. */
export function unfold({ shape, data }: DenseTensor, mode: number): Matrix {
  const [outer, extent, inner] = split(shape, mode);
  const result = matrix(extent, outer * inner);
  for (let a = 0; a < outer; a++)
    for (let i = 0; i < extent; i++)
      for (let b = 0; b < inner; b++) result.data[i * outer * inner + a * inner + b] = data[(a * extent + i) * inner + b] as number;
  return result;
}

export function fold(unfolded: Matrix, shape: readonly number[], mode: number): DenseTensor {
  const [outer, extent, inner] = split(shape, mode);
  const data = new Float64Array(outer * extent * inner);
  for (let a = 0; a < outer; a++)
    for (let i = 0; i < extent; i++)
      for (let b = 0; b < inner; b++) data[(a * extent + i) * inner + b] = unfolded.data[i * outer * inner + a * inner + b] as number;
  return { shape, data };
}

/** X ×_mode Aᵀ, for A [extent, rank]: the mode has `rank` entries afterwards. */
export function multiplyMode(x: DenseTensor, mode: number, a: Matrix): DenseTensor {
  const shape = x.shape.map((extent, i) => (i === mode ? a.columns : extent));
  return fold(multiply(transpose(a), unfold(x, mode)), shape, mode);
}

/** The same with another order of modes: result[i…] = x at the modes `order`. */
export function permuteModes({ shape, data }: DenseTensor, order: readonly number[]): DenseTensor {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  const target = order.map((mode) => shape[mode] as number);
  const result = new Float64Array(data.length);
  const position = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from] as number;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const stride = strides[order[axis] as number] as number;
      from += stride;
      if (++(position[axis] as number) < (target[axis] as number)) break;
      from -= stride * (target[axis] as number);
      position[axis] = 0;
    }
  }
  return { shape: target, data: result };
}
