/** Times of the compiler's linear algebra, and the rate of its products. `npm run bench:linalg` */
import { loadavg } from 'node:os';
import { methodNamed } from '../../compiler/compression/index.ts';
import { layersOf } from '../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../compiler/compression/method.ts';
import { originalNetwork } from '../../compiler/compression/network.ts';
import { tensor } from '../../compiler/graph.ts';
import { dampedCholesky, invertCholesky } from '../../compiler/linalg/cholesky.ts';
import { type Matrix, matrix } from '../../compiler/linalg/matrix.ts';
import { addGram, multiply } from '../../compiler/linalg/multiply.ts';
import { normalRandom } from '../../compiler/linalg/random.ts';
import { composeSvd, squaredNorm, svd } from '../../compiler/linalg/svd.ts';
import { GraphBuilder } from '../../compiler/onnx/builder.ts';
import { Dense } from '../../compiler/ops/dense.ts';
import { unclamped } from '../../compiler/ops/elementwise.ts';

const random = normalRandom(1);

function randomMatrix(rows: number, columns: number): Matrix {
  return matrix(rows, columns, Float64Array.from({ length: rows * columns }, random));
}

function time<T>(label: string, operations: number, run: () => T): T {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const rate = operations ? `  ${(operations / seconds / 1e9).toFixed(1)} GFLOPS` : '';
  console.log(`${label.padEnd(32)} ${seconds.toFixed(2).padStart(7)} s (${((user + system) / 1e6).toFixed(2)} s of CPU)${rate}`);
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
const found = time('4096x4096, 256 triples', 0, () => svd(large, 256));
const rest = composeSvd(found);
console.log(
  `relative error ${Math.sqrt(squaredNorm({ ...rest, data: rest.data.map((x, i) => x - (large.data[i] as number)) }) / squaredNorm(large)).toFixed(4)}`,
);

/** The same as a dense layer of a network, through the method of a recipe. */
const builder = new GraphBuilder();
builder.define('x', { dtype: 'float32', shape: [1, 4096] });
const weights = builder.addConstant(tensor('float32', [4096, 4096], large.data));
const layer = builder.addOne(Dense, ['x', weights, builder.addConstant(tensor('float32', [4096], new Float32Array(4096)))], unclamped);
const graph = builder.build('layer', [{ name: 'x', value: 'x' }], [{ name: 'y', value: layer }]);
const context = { original: graph, network: originalNetwork(graph), samples: { count: 0, at: () => [] }, seed: 1, progress: () => {} };
const method = methodNamed('low-rank') as CompressionMethod;
const [start, before] = [performance.now(), process.cpuUsage()];
const { layers } = await method.apply(
  { ...context, statistics: () => Promise.resolve(new Map()) },
  layersOf(graph),
  method.options.parse({ rank: 256, fit: 'weights' }),
);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
console.log(
  `${'4096x4096 layer at rank 256'.padEnd(32)} ${seconds.toFixed(2).padStart(7)} s (${((user + system) / 1e6).toFixed(2)} s of CPU)  ${layers[0]?.action}; wanted: at most 30 s`,
);
console.log(`load average ${loadavg()[0]?.toFixed(2)}`);
