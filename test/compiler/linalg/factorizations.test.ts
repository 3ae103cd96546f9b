/** VBMF, Tucker-2, CP and Tensor-Train: the golden values of methods.md 9 to 12. */
import { describe, expect, test } from 'vitest';
import { unfoldSpatial } from '../../../compiler/compression/spatial-factors.ts';
import { composeCp, cpDecomposition } from '../../../compiler/linalg/cp.ts';
import { addScaled, matrix } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { normalRandom } from '../../../compiler/linalg/random.ts';
import { singularValues } from '../../../compiler/linalg/svd.ts';
import { type DenseTensor, denseTensor, multiplyMode, unfold } from '../../../compiler/linalg/tensor.ts';
import { composeTensorTrain, tensorTrain, tensorTrainParameters } from '../../../compiler/linalg/tensor-train.ts';
import { tucker2 } from '../../../compiler/linalg/tucker2.ts';
import { vbmf, vbmfTau } from '../../../compiler/linalg/vbmf.ts';
import { lcg, lcgMatrix } from '../compression/lcg.ts';

function t(seed: number, shape: readonly number[]): DenseTensor {
  return denseTensor(
    shape,
    lcg(
      seed,
      shape.reduce((a, b) => a * b, 1),
    ),
  );
}

function relativeSquares(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    norm += (b[i] as number) ** 2;
  }
  return difference / norm;
}

describe('variational Bayes (10.2)', () => {
  test.for([
    [1, 2.512862],
    [0.75, 2.177425],
    [0.5, 1.78264],
    [0.25, 1.272608],
    [0.1, 0.822211],
    [0.05, 0.594103],
  ] as const)('tau at alpha %f', ([alpha, tau]) => {
    expect(vbmfTau(alpha)).toBeCloseTo(tau, 5);
  });

  test.for([
    [1, 0],
    [0.25, -1.3],
    [0.1, -3.4],
    [0.01, -11],
  ] as const)('the usual closed form of tau is wrong by more the longer the matrix: alpha %f, %f %%', ([alpha, percent]) => {
    expect(100 * ((2.5129 * Math.sqrt(alpha)) / vbmfTau(alpha) - 1)).toBeCloseTo(percent, alpha < 0.1 ? 0 : 1);
  });

  test('five components in 40 x 120 numbers of noise 0.1', () => {
    const random = normalRandom(5);
    const normal = (rows: number, columns: number) =>
      matrix(
        rows,
        columns,
        Float64Array.from({ length: rows * columns }, () => random()),
      );
    const { rank, noiseVariance } = vbmf(addScaled(multiply(normal(40, 5), normal(5, 120)), normal(40, 120), 0.1));
    expect(rank).toBe(5);
    // Of 4800 numbers, less those that the components take up: 0.01 to a few per cent.
    expect(noiseVariance / 0.01).toBeGreaterThan(0.93);
    expect(noiseVariance / 0.01).toBeLessThan(1.07);
  });

  const noisy = addScaled(multiply(lcgMatrix(1, 12, 3), lcgMatrix(2, 3, 30)), lcgMatrix(3, 12, 30), 0.2);

  test('three planted components in noise', () => {
    expect(Array.from(singularValues(noisy).slice(0, 4), (value) => Number(value.toFixed(5)))).toEqual([
      7.62842, 5.86696, 4.06262, 0.81604,
    ]);
    const { rank, noiseVariance, threshold, shrunk } = vbmf(noisy);
    expect(rank).toBe(3);
    expect(noiseVariance).toBeCloseTo(0.0130951, 6);
    expect(threshold).toBeCloseTo(1.12969, 5);
    [7.55618, 5.772904, 3.926285].forEach((value, i) => {
      expect(shrunk[i]).toBeCloseTo(value, 5);
    });
  });

  test('a transposed matrix, an exactly low-rank one, and nothing at all', () => {
    expect(vbmf(multiplyTransposed(lcgMatrix(2, 30, 3), lcgMatrix(1, 12, 3))).rank).toBe(3);
    expect(vbmf(matrix(4, 6)).rank).toBe(0);
  });
});

test('the unfolding of a convolution for vertical and horizontal filters (9)', () => {
  const [n, c, d] = [4, 3, 3];
  const seed = lcg(11, n * c * d * d);
  // T(11, [n, c, i, j]) in the order of our weights, [n, i, j, c].
  const weights = new Float64Array(seed.length);
  for (let o = 0; o < n; o++)
    for (let s = 0; s < c; s++)
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++) weights[((o * d + i) * d + j) * c + s] = seed[((o * c + s) * d + i) * d + j] as number;
  const values = singularValues(unfoldSpatial(weights, n, d, d, c));
  const golden = [3.452642, 2.545986, 2.323937, 2.047784, 1.629037, 1.414665, 1.208733, 0.690964, 0.355627];
  golden.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 5);
  });
  const tail = (rank: number) => values.slice(rank).reduce((sum, value) => sum + value * value, 0);
  expect(tail(2)).toBeCloseTo(16.314077, 5);
  expect(tail(5)).toBeCloseTo(4.066214, 5);
  expect(tail(9)).toBeCloseTo(0, 10);
});

describe('Tucker-2 (10.1)', () => {
  const x = t(21, [6, 5, 3, 3]);

  test.for([
    [0, 0.425053],
    [10, 0.393833],
  ] as const)('%i sweeps', ([sweeps, error]) => {
    const { first, second, core } = tucker2(x, [0, 1], [4, 3], sweeps);
    expect(core.shape).toEqual([4, 3, 3, 3]);
    const rebuilt = multiplyMode(multiplyMode(core, 0, transposeOf(first)), 1, transposeOf(second));
    expect(relativeSquares(rebuilt.data, x.data)).toBeCloseTo(error, 5);
  });

  test('unfold is what it says', () => {
    expect([unfold(x, 1).rows, unfold(x, 1).columns]).toEqual([5, 54]);
  });
});

function transposeOf({ rows, columns, data }: ReturnType<typeof matrix>) {
  const result = matrix(columns, rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result.data[j * rows + i] = data[i * columns + j] as number;
  return result;
}

test('CP finds a planted decomposition of four modes (11)', () => {
  const factors = [lcgMatrix(31, 3, 4), lcgMatrix(32, 3, 4), lcgMatrix(33, 5, 4), lcgMatrix(34, 6, 4)];
  const x = composeCp(factors);
  const found = cpDecomposition(x, 4, { sweeps: 3000, restarts: 5 });
  expect(relativeSquares(composeCp(found.factors).data, x.data)).toBeLessThan(1e-8);
  expect(found.degeneracy).toBeLessThan(10);
});

describe('Tensor-Train (12)', () => {
  const w = lcgMatrix(41, 24, 24);
  const decompose = (options: Parameters<typeof tensorTrain>[3]) => tensorTrain(w, [2, 3, 4], [3, 2, 4], options);
  const ranks = (cores: ReturnType<typeof tensorTrain>) => cores.slice(0, -1).map(({ right }) => right);
  const distance = (cores: ReturnType<typeof tensorTrain>) => Math.sqrt(relativeSquares(composeTensorTrain(cores).data, permuted.data));
  // composeTensorTrain gives the matrix itself: rows i_1 … i_d, columns j_1 … j_d.
  const permuted = w;

  test('full ranks are exact', () => {
    const cores = decompose({});
    expect(ranks(cores)).toEqual([6, 16]);
    expect(distance(cores)).toBeLessThan(1e-6);
  });

  test('given ranks, and a given error', () => {
    expect(distance(decompose({ ranks: [2, 3] }))).toBeCloseTo(0.860841, 5);
    const half = decompose({ error: 0.5 });
    expect(ranks(half)).toEqual([5, 10]);
    expect(distance(half)).toBeCloseTo(0.440653, 5);
  });

  test('the size of a train is the sum of its cores', () => {
    expect(tensorTrainParameters(decompose({ ranks: [2, 3] }))).toBe(2 * 3 * 2 + 3 * 2 * 2 * 3 + 4 * 4 * 3);
  });
});
