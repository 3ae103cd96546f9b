/** Soft low rank: the golden case of methods.md 16, the optimality conditions, and the rank that is found. */
import { describe, expect, test } from 'vitest';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { softLowRank } from '../../../compiler/compression/soft-low-rank.ts';
import { addScaled, innerProduct, type matrix } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { largestNuclearLambda, solveNuclearNorm } from '../../../compiler/linalg/nuclear-norm.ts';
import { singularValues, svd } from '../../../compiler/linalg/svd.ts';
import { buildGraph } from '../passes/pass-case.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

const x = multiply(lcgMatrix(51, 6, 6), lcgMatrix(52, 6, 200));
for (let n = 0; n < 200; n++) x.data[1000 + n] = 0.7 * x.data[n]! - 0.3 * x.data[200 + n]!;
const correlation = multiplyTransposed(x, x);
correlation.data.forEach((value, i) => {
  correlation.data[i] = value / 200;
});
const term = { correlation, cross: multiply(lcgMatrix(53, 4, 6), correlation) };
const exact = { tolerance: 1e-10, limit: 100_000 };

describe('the golden case', () => {
  test('λ = .3 leaves rank 2', () => {
    const { values } = solveNuclearNorm(term, 0.3, exact);
    expect(values).toHaveLength(2);
    // Of numpy, with its own SVD.
    expect(values[0]).toBeCloseTo(1.86676717, 6);
    expect(values[1]).toBeCloseTo(0.14402831, 6);
  });

  test('nothing is left from the largest λ on', () => {
    expect(largestNuclearLambda(term)).toBeCloseTo(1.64468116, 7);
    expect(solveNuclearNorm(term, 1.645, exact).values).toHaveLength(0);
    expect(solveNuclearNorm(term, 1.64, exact).values).toHaveLength(1);
  });
});

test('the gradient is λ U Vᵀ where M has a direction, and at most λ elsewhere', () => {
  const lambda = 0.3;
  const [m] = solveNuclearNorm(term, lambda, exact).factors as [ReturnType<typeof matrix>];
  const gradient = addScaled(term.cross, multiply(m, correlation), -1);
  expect(singularValues(gradient)[0]).toBeCloseTo(lambda, 6);
  const { values } = svd(m);
  const nuclear = values.reduce((a, b) => a + b);
  expect(innerProduct(gradient.data, m.data)).toBeCloseTo(lambda * nuclear, 6);
});

test('a layer of rank 3 becomes a pair of that rank, with the same answers', async () => {
  const product = multiply(lcgMatrix(1, 12, 3), lcgMatrix(2, 3, 15)).data;
  const graph = buildGraph({ x: [1, 15] }, (g) => [addDense(g, 'x', 'y', product, lcg(3, 12))]);
  const samples = randomSamples(graph, 100);
  const { network, layers } = await softLowRank.apply(
    contextOf(graph, samples),
    layersOf(graph),
    softLowRank.options.parse({ lambda: 1e-3 }),
  );
  expect(layers).toMatchObject([{ layer: 'y', action: 'factorized', facts: { rank: 3 } }]);
  expect(layersOf(network.graph).map(({ outputs, inputs }) => [inputs, outputs])).toEqual([
    [15, 3],
    [3, 12],
  ]);
  expect(await largestDifference(graph, network.graph, samples)).toBeLessThan(1e-4);
});

test('a layer without low rank stays', async () => {
  const graph = buildGraph({ x: [1, 6] }, (g) => [addDense(g, 'x', 'y', lcg(1, 36), lcg(2, 6))]);
  const { layers } = await softLowRank.apply(
    contextOf(graph, randomSamples(graph, 60)),
    layersOf(graph),
    softLowRank.options.parse({ lambda: 0.01 }),
  );
  expect(layers).toMatchObject([{ action: 'kept', reason: expect.stringContaining('parameters') }]);
});
