/** Times of the compiler's linear algebra, and the rate of its products. `npm run bench:linalg` */
import { dampedCholesky, invertCholesky } from '../../compiler/linalg/cholesky.ts';
import { type Matrix, matrix } from '../../compiler/linalg/matrix.ts';
import { addGram, multiply } from '../../compiler/linalg/multiply.ts';
import { normalRandom } from '../../compiler/linalg/random.ts';
import { composeSvd, squaredNorm, svd } from '../../compiler/linalg/svd.ts';

const random = normalRandom(1);

function randomMatrix(rows: number, columns: number): Matrix {
  return matrix(rows, columns, Float64Array.from({ length: rows * columns }, random));
}

function time<T>(label: string, operations: number, run: () => T): T {
  const start = performance.now();
  const result = run();
  const seconds = (performance.now() - start) / 1000;
  const rate = operations ? `  ${(operations / seconds / 1e9).toFixed(1)} GFLOPS` : '';
  console.log(`${label.padEnd(32)} ${seconds.toFixed(2).padStart(7)} s${rate}`);
  return result;
}

const a = randomMatrix(1024, 1024);
multiply(a, a);
time('product 1024', 2 * 1024 ** 3, () => multiply(a, a));
const gram = matrix(1024, 1024);
time('Gram 1024', 1024 ** 3, () => addGram(gram, a));
const { factor } = time('Cholesky 1024', 1024 ** 3 / 3, () => dampedCholesky(gram, 1e-3));
time('inverse 1024', 2 * 1024 ** 3, () => invertCholesky(factor));
for (const size of [512, 1024]) {
  const x = randomMatrix(size, size);
  time(`singular values and vectors ${size}`, 0, () => svd(x));
}
const low = multiply(randomMatrix(4096, 300), randomMatrix(300, 4096));
const noise = randomMatrix(4096, 4096);
const large = { ...low, data: low.data.map((value, i) => value + (noise.data[i] as number)) };
const found = time('4096x4096 at rank 256', 0, () => svd(large, 256));
const rest = composeSvd(found);
console.log(
  `relative error ${Math.sqrt(squaredNorm({ ...rest, data: rest.data.map((x, i) => x - (large.data[i] as number)) }) / squaredNorm(large)).toFixed(4)}`,
);
