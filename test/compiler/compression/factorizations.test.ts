/** Factorizations in the graph: at full rank the network answers as before, at a low one the reported error is the measured one. */
import { describe, expect, test } from 'vitest';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { chooseRank } from '../../../compiler/compression/rank.ts';
import { balanceFactors, factorsOfResponses, factorsOfWeights, leastSquares } from '../../../compiler/compression/reduced-rank.ts';
import { addScaled, innerProduct, matrix, takeColumns, transpose } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { singularValues } from '../../../compiler/linalg/svd.ts';
import { symmetricEigen } from '../../../compiler/linalg/symmetric-eigen.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { verify } from '../../../compiler/verify.ts';
import { lcgMatrix } from './lcg.ts';
import { addDense, contextOf, convolutions, largestDifference, randomSamples } from './network-case.ts';

/** x [1, 20] → 24 → 10; the first layer has rank 6 exactly. */
function denseLayers() {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 20] });
  const low = multiply(lcgMatrix(1, 24, 6), lcgMatrix(2, 6, 20));
  const h = addDense(builder, 'x', 'h', low.data, lcgMatrix(3, 1, 24).data, true);
  const y = addDense(builder, h, 'y', lcgMatrix(4, 10, 24).data, lcgMatrix(5, 1, 10).data);
  return verify(builder.build('dense', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]), 'test');
}

async function apply(
  name: string,
  graph: ReturnType<typeof denseLayers>,
  samples: ReturnType<typeof randomSamples>,
  options: object,
  only?: readonly string[],
) {
  const method = methodNamed(name) as CompressionMethod;
  const layers = layersOf(graph).filter((layer) => !only || only.includes(layer.name));
  const result = await method.apply(contextOf(graph, samples), layers, method.options.parse(options));
  return { ...result, graph: verify(result.network.graph, name) };
}

const none = { count: 0, at: () => [] };

describe('full ranks change nothing', () => {
  test.for([
    ['low-rank', { energy: 1, fit: 'weights' }],
    ['low-rank', { energy: 1, fit: 'asymmetric' }],
    ['low-rank', { energy: 1, fit: 'responses', balance: false }],
    ['low-rank', { energy: 1, fit: 'rectified' }],
    ['soft-low-rank', { lambda: 1e-9 }],
    ['low-rank-plus-sparse', { ratio: 1, sparse: 0.999 }],
    ['spatial-factors', { energy: 1 }],
    ['spatial-factors', { energy: 1, fit: 'weights', refit: false }],
    ['tucker-factors', { energy: 1 }],
    ['tucker-factors', { energy: 1, fit: 'weights', refit: false }],
    ['flattened-factors', { rank: 9, fit: 'weights' }],
    ['cp-factors', { fit: 'weights', strided: 'mixed', rank: 60, damping: 0, sweeps: 400, refit: false }],
    ['cp-factors', { fit: 'weights', strided: 'mixed', rank: 60, damping: 0, sweeps: 400, modes: 4, refit: false }],
    ['cp-factors', { rank: 50, strided: 'mixed', refit: false }],
    ['depthwise-factors', { rank: 6, fit: 'weights', refit: false }],
    ['depthwise-factors', { rank: 6, refit: false }],
    ['cp-factors', { rank: 60, modes: 4, strided: 'mixed', refit: false }],
  ] as const)('%s %o', async ([name, options]) => {
    const graph = convolutions();
    const samples = randomSamples(graph, 60);
    const { graph: factored, layers } = await apply(name, graph, samples, { ...options, keepUnprofitable: true }, ['b']);
    expect(layers).toHaveLength(1);
    if (layers[0]?.reason?.startsWith('its components cancel')) return;
    expect(layers[0]?.action).toBe('factorized');
    expect(factored.nodes.length).toBeGreaterThan(graph.nodes.length);
    // Factors are stored as float32.
    expect(await largestDifference(graph, factored, samples)).toBeLessThan(name === 'cp-factors' ? 0.05 : 2e-4);
  });
});

describe('low rank', () => {
  test('an exactly low-rank layer is found, with and without samples', async () => {
    const graph = denseLayers();
    const samples = randomSamples(graph, 200);
    for (const [given, options] of [
      [none, { energy: 0.999999 }],
      [samples, { energy: 0.999999 }],
      [samples, { error: 1e-6, fit: 'responses' }],
    ] as const) {
      const { graph: factored, layers } = await apply('low-rank', graph, given, options, ['h']);
      expect(layers[0]).toMatchObject({ action: 'factorized', facts: { rank: 6 } });
      expect(await largestDifference(graph, factored, samples)).toBeLessThan(1e-4);
    }
  });

  test('factors that do not pay are undone, and say so', async () => {
    const graph = denseLayers();
    const { graph: same, layers } = await apply('low-rank', graph, none, { rank: 9 }, ['y']);
    expect(layers.map(({ action }) => action)).toEqual(['kept']);
    expect(layers[0]?.reason).toBe('the factors would have 316 parameters, the layer has 250');
    expect(same.nodes).toEqual(graph.nodes);
  });

  test('the error that is reported is the one of the answers', async () => {
    const graph = denseLayers();
    const samples = randomSamples(graph, 300);
    const [three, five] = [
      await apply('low-rank', graph, samples, { rank: 3 }, ['h']),
      await apply('low-rank', graph, samples, { rank: 5 }, ['h']),
    ];
    expect(three.layers[0]?.relativeError).toBeGreaterThan(five.layers[0]?.relativeError as number);
    expect(five.layers[0]?.relativeError).toBeGreaterThan(0);
    const energy = five.layers[0]?.facts?.energy as number;
    // Optimal error = the discarded eigenvalues (methods.md 7).
    expect(five.layers[0]?.relativeError).toBeCloseTo(1 - energy, 4);
  });

  test('answers are kept better than by the weights alone', () => {
    // Inputs with very different variances.
    const r = matrix(
      8,
      8,
      Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 4 ** -(i / 9) : 0)),
    );
    const w = lcgMatrix(7, 6, 8);
    const error = (p: typeof w, q: typeof w) => {
      const d = w.data.map((value, i) => value - (multiply(p, q).data[i] as number));
      return d.reduce((sum, value, i) => sum + value * value * (r.data[(i % 8) * 9] as number), 0);
    };
    const byWeights = factorsOfWeights(w, () => 2);
    const byAnswers = factorsOfResponses(w, r, () => 2);
    expect(error(byAnswers.p, byAnswers.q)).toBeLessThan(0.7 * error(byWeights.p, byWeights.q));
    const { p, q } = balanceFactors(byAnswers, r);
    multiply(p, q).data.forEach((value, i) => {
      expect(value).toBeCloseTo(multiply(byAnswers.p, byAnswers.q).data[i] as number, 10);
    });
    const spread = multiply(multiply(q, r), transpose(q));
    expect([spread.data[0], spread.data[3]].map((value) => Number(value?.toFixed(9)))).toEqual([1, 1]);
    const best = leastSquares(multiply(w, r), r, 0);
    best.data.forEach((value, i) => {
      expect(value).toBeCloseTo(w.data[i] as number, 8);
    });
  });
});

test('the golden values of methods.md 7: rank 2 for the answers, and for the weights alone', () => {
  const x = multiply(lcgMatrix(51, 6, 6), lcgMatrix(52, 6, 200));
  for (let n = 0; n < 200; n++) x.data[1000 + n] = 0.7 * x.data[n]! - 0.3 * x.data[200 + n]!;
  const gram = multiplyTransposed(x, x);
  const r = { ...gram, data: gram.data.map((value) => value / 200) };
  const w = lcgMatrix(53, 4, 6);
  const errorOf = ({ p, q }: { p: typeof w; q: typeof w }) => {
    const difference = addScaled(w, multiply(p, q), -1);
    return innerProduct(multiply(difference, r).data, difference.data);
  };
  const found = factorsOfResponses(w, r, () => 2);
  expect(errorOf(found)).toBeCloseTo(0.20867, 5);
  // The discarded eigenvalues of W R Wᵀ.
  expect(found.energies.slice(2).reduce((a, b) => a + b)).toBeCloseTo(0.20867, 5);
  expect(errorOf(factorsOfWeights(w, () => 2))).toBeCloseTo(0.2622, 5);
});

test.each([1, 2, 4, 7])('more outputs than inputs: %i components are the eigenvectors of W R Wᵀ, also where R is singular', (rank) => {
  const x = lcgMatrix(61, 6, 40);
  // The last input is the sum of two others.
  for (let n = 0; n < 40; n++) x.data[200 + n] = x.data[n]! + x.data[40 + n]!;
  const r = multiplyTransposed(x, x);
  const w = lcgMatrix(62, 15, 6);
  const { values, vectors } = symmetricEigen(multiply(multiply(w, r), transpose(w)));
  const { p, q, energies, total } = factorsOfResponses(w, r, () => rank);
  expect(energies).toHaveLength(15);
  energies.forEach((energy, i) => {
    expect(energy / total).toBeCloseTo(values[i]! / total, 10);
  });
  expect(q.rows).toBe(Math.min(rank, 6));
  // The same space, and with it the same answers, whatever the signs.
  const leading = takeColumns(vectors, [...Array(q.rows).keys()]);
  const best = multiply(leading, multiply(transpose(leading), w));
  const difference = addScaled(multiply(p, q), best, -1);
  expect(innerProduct(multiply(difference, r).data, difference.data) / total).toBeLessThan(1e-9);
});

test('of a large matrix only the triples that are kept are computed, by a given rank and by the energy', () => {
  const planted = multiply(lcgMatrix(1, 600, 40), lcgMatrix(2, 40, 560));
  const noise = lcgMatrix(3, 600, 560);
  const w = addScaled(planted, noise, 0.05);
  const total = innerProduct(w.data, w.data);
  const exact = singularValues(w).map((value) => value * value);
  const rule = { roundTo: 1, keepUnprofitable: false, energy: 0.95 };
  const question = (energies: Float64Array) => ({ energies, total, parametersPerRank: 1160, parameters: w.data.length });
  for (const given of [{ rank: 50 }, {}, { ratio: 0.2 }]) {
    const wanted = chooseRank(question(exact), { ...rule, ...given });
    const { p, q, energies } = factorsOfWeights(w, (found) => chooseRank(question(found), { ...rule, ...given }));
    expect([p.columns, q.rows]).toEqual([wanted, wanted]);
    for (let i = 0; i < Math.min(40, wanted); i++) expect(energies[i]! / exact[i]!).toBeCloseTo(1, 4);
    const difference = addScaled(w, multiply(p, q), -1).data;
    const kept = exact.slice(0, wanted).reduce((a, b) => a + b);
    expect(innerProduct(difference, difference) / (total - kept)).toBeLessThan(1.02);
    // The tail was never asked for.
    expect(energies.at(-1)).toBe(0);
  }
});

test('the published ratios of methods.md 7 are those of the pair', () => {
  const ratio = (m: number, k: number, t: number) => (m * k) / (t * (m + k));
  const rows: [number, number, number, number][] = [
    [18432, 4096, 250, 13.41],
    [18432, 4096, 950, 3.53],
    [4096, 4096, 350, 5.85],
    [4096, 4096, 650, 3.15],
    [4096, 4096, 250, 8.19],
    [4096, 4096, 850, 2.41],
    // The first layer of the autoencoder at 90 % of its energy.
    [640, 128, 30, 3.56],
  ];
  for (const [m, k, t, published] of rows) {
    expect(ratio(m, k, t)).toBeCloseTo(published, 2);
    const question = { energies: new Float64Array(Math.min(m, k)).fill(1), parametersPerRank: m + k, parameters: m * k };
    const rule = { energy: 0.9, roundTo: 1, keepUnprofitable: false };
    expect(chooseRank(question, { ...rule, ratio: 1 / ratio(m, k, t) + 1e-9 })).toBe(t);
  }
});
