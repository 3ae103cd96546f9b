/**
 * The layers of a factorization compute what the weights that their factors compose to would: methods.md 8 to 11, "equal
 * to 1e-15" there, here in the runtime's float32. The composition is written down once more, from the formulas.
 */
import { expect, test } from 'vitest';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { parametersOfChain } from '../../../compiler/compression/layer-chain.ts';
import { type Layer, layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { spatialFactors } from '../../../compiler/compression/spatial-factors.ts';
import { weightTensor } from '../../../compiler/compression/tucker-factors.ts';
import { tensor } from '../../../compiler/graph.ts';
import { composeCp, cpDecomposition } from '../../../compiler/linalg/cp.ts';
import { transpose } from '../../../compiler/linalg/matrix.ts';
import { type DenseTensor, denseTensor, multiplyMode, permuteModes } from '../../../compiler/linalg/tensor.ts';
import { tucker2 } from '../../../compiler/linalg/tucker2.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { contextOf, largestDifference, randomSamples } from './network-case.ts';

/** One convolution 3x3, stride 2, padding 1, of the weights T(seed, [outputs, inputs, 3, 3]). */
function convolution(weights: DenseTensor) {
  const [outputs, inputs] = weights.shape as [number, number];
  return buildGraph({ x: [1, 9, 8, inputs] }, (g) => {
    const w = g.addConstant(tensor('float32', [outputs, 3, 3, inputs], permuteModes(weights, [0, 2, 3, 1]).data), 'w');
    const b = g.addConstant(tensor('float32', [outputs], lcg(9, outputs)), 'b');
    const window = { kernel: [3, 3], stride: [2, 2], dilation: [1, 1], padBefore: [1, 1], padAfter: [1, 1] } as const;
    return [g.addOne(Conv2d, ['x', w, b], { ...window, groups: 1, clamp: [-Infinity, Infinity] }, { output: 'y', name: 'y' })];
  });
}

const t = (seed: number, shape: readonly number[]) =>
  denseTensor(
    shape,
    lcg(
      seed,
      shape.reduce((a, b) => a * b, 1),
    ),
  );

/** [N, C, kh, kw] = Σ_k H[n, j, k] V[k, i, c]. */
function composeSpatial(layer: Layer, rank: number): DenseTensor {
  const { vertical, horizontal } = spatialFactors(layer, () => rank);
  const [n, c] = [layer.outputs, layer.inputs];
  const result = denseTensor([n, c, 3, 3], new Float64Array(n * c * 9));
  for (let o = 0; o < n; o++)
    for (let s = 0; s < c; s++)
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++)
          for (let k = 0; k < rank; k++) {
            const at = ((o * c + s) * 3 + i) * 3 + j;
            result.data[at] = result.data[at]! + horizontal[(o * 3 + j) * rank + k]! * vertical[(k * 3 + i) * c + s]!;
          }
  return result;
}

/** C x_T U4 x_S U3. */
function composeTucker(layer: Layer): DenseTensor {
  const { first, second, core } = tucker2(weightTensor(layer), [0, 1], [4, 3]);
  return multiplyMode(multiplyMode(core, 0, transpose(first)), 1, transpose(second));
}

function composeCanonical(layer: Layer, rank: number, modes: 3 | 4): DenseTensor {
  const x = weightTensor(layer);
  const shape = modes === 4 ? x.shape : [layer.outputs, layer.inputs, 9];
  const { factors } = cpDecomposition({ ...x, shape }, rank, { sweeps: 300, restarts: 1, damping: 1e-6, seed: 1 });
  return { ...composeCp(factors), shape: x.shape };
}

/** Σ over K products of a channel, a vertical and a horizontal vector, for each of four filters. */
function sumsOfProducts(rank: number): DenseTensor {
  const [alpha, beta, gamma] = [lcg(1, 4 * rank * 3), lcg(2, 4 * rank * 3), lcg(3, 4 * rank * 3)];
  const result = denseTensor([4, 3, 3, 3], new Float64Array(108));
  result.data.forEach((_, at) => {
    const [o, c, i, j] = [Math.floor(at / 27), Math.floor(at / 9) % 3, Math.floor(at / 3) % 3, at % 3];
    for (let k = 0; k < rank; k++) {
      const filter = (o * rank + k) * 3;
      result.data[at] = result.data[at]! + alpha[filter + c]! * beta[filter + i]! * gamma[filter + j]!;
    }
  });
  return result;
}

const canonical = { algorithm: 'als', strided: 'mixed', sweeps: 300, restarts: 1 };
const tai = t(11, [4, 3, 3, 3]);
const kim = t(21, [6, 5, 3, 3]);

test.for([
  ['spatial-factors', { rank: 2 }, tai, (layer: Layer) => composeSpatial(layer, 2), 2 * 3 * (4 + 3)],
  ['spatial-factors', { rank: 5 }, tai, (layer: Layer) => composeSpatial(layer, 5), 5 * 3 * (4 + 3)],
  ['spatial-factors', { rank: 9 }, tai, () => tai, 9 * 3 * (4 + 3)],
  // S R3 + D² R3 R4 + T R4 = 147 of 270: 1.836735 times fewer.
  ['tucker-factors', { ranks: [3, 4] }, kim, composeTucker, 147],
  ['cp-factors', { ...canonical, rank: 12 }, kim, (layer: Layer) => composeCanonical(layer, 12, 3), 12 * (9 + 5 + 6)],
  ['cp-factors', { ...canonical, rank: 8, modes: 4 }, kim, (layer: Layer) => composeCanonical(layer, 8, 4), 8 * (2 * 3 + 5 + 6)],
  ['flattened-factors', { rank: 1 }, sumsOfProducts(1), () => sumsOfProducts(1), 4 * (3 + 3 + 3)],
] as const)('%s %o', async ([name, options, weights, compose, parameters]) => {
  const graph = convolution(weights);
  const [layer] = layersOf(graph) as [Layer];
  const method = methodNamed(name) as CompressionMethod;
  const rule = method.options.parse({ ...options, fit: 'weights', balance: false, refit: false, keepUnprofitable: true });
  const { network, layers } = await method.apply(contextOf(graph, { count: 0, at: () => [] }), [layer], rule);
  expect(layers[0]).toMatchObject({ action: 'factorized' });
  const composed = withWeights(graph, layer, permuteModes(compose(layer), [0, 2, 3, 1]).data);
  expect(await largestDifference(composed, network.graph, randomSamples(graph, 5))).toBeLessThan(1e-5);
  const links = layersOf(network.graph).map(({ outputs, weights }) => ({ outputs, weights }));
  expect(parametersOfChain(links)).toBe(parameters);
});
