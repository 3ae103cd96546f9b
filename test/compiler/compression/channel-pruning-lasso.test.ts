/** Channel pruning by LASSO: the golden values of methods.md 14, and what it does to a network. */
import { describe, expect, test } from 'vitest';
import { channelPruningLasso, channelResponses } from '../../../compiler/compression/channel-pruning-lasso.ts';
import { chainings } from '../../../compiler/compression/channel-selection.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import { pruneFilters } from '../../../compiler/compression/prune-filters.ts';
import { fitOnSupport } from '../../../compiler/compression/refit.ts';
import { lasso } from '../../../compiler/linalg/lasso.ts';
import { addScaled, innerProduct, matrix } from '../../../compiler/linalg/matrix.ts';
import { multiply, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { addDense, contextOf, randomSamples } from './network-case.ts';

/** Five channels of four columns, the last of which is nearly half of the second. */
function goldenCase() {
  const x = lcgMatrix(61, 300, 20);
  const noise = lcg(62, 300 * 4);
  for (let n = 0; n < 300; n++)
    for (let p = 0; p < 4; p++) x.data[n * 20 + 16 + p] = 0.5 * x.data[n * 20 + 4 + p]! + 0.02 * noise[n * 4 + p]!;
  const correlation = transposedMultiply(x, x);
  correlation.data.forEach((value, i) => {
    correlation.data[i] = value / 300;
  });
  const weights = lcgMatrix(63, 3, 20);
  const groupOf = Int32Array.from({ length: 20 }, (_, column) => Math.floor(column / 4));
  return { correlation, weights, cross: multiply(weights, correlation), groupOf };
}

describe('the golden values', () => {
  const term = goldenCase();
  const { gram, linear } = channelResponses({ terms: [term], groups: 5 });
  const energy = innerProduct(term.cross.data, term.weights.data);
  /** ‖Y - Ŷ‖ / ‖Y‖. */
  const relativeError = (kept: Float32Array | Float64Array) => {
    const difference = addScaled(term.weights, matrix(3, 20, kept), -1);
    return Math.sqrt(innerProduct(multiply(difference, term.correlation).data, difference.data) / energy);
  };

  test('λ = .6 drops the channel that is nearly another', () => {
    const beta = lasso(gram, linear, 0.6);
    [0.730728, 0.791322, 0.544606, 0.683569].forEach((expected, i) => expect(beta[i]).toBeCloseTo(expected, 5));
    expect(beta[4]).toBe(0);
  });

  test('without it the error is .20466, after least squares .00803', () => {
    const support = term.weights.data.map((_, i) => Number(i % 20 < 16));
    expect(relativeError(term.weights.data.map((w, i) => w * support[i]!))).toBeCloseTo(0.20466, 5);
    const objective = { correlation: [term.correlation], cross: [term.cross] };
    expect(relativeError(fitOnSupport({ outputs: 3, columns: 20, groups: 1 }, objective, support))).toBeCloseTo(0.00803, 5);
  });

  test('the responses of all channels together are the answers', () => {
    for (let i = 0; i < 5; i++) expect(gram.data.subarray(5 * i, 5 * i + 5).reduce((a, b) => a + b)).toBeCloseTo(linear[i]!, 9);
  });
});

test('no λ is worth nothing: the optimality conditions hold', () => {
  const gram = transposedMultiply(lcgMatrix(1, 9, 7), lcgMatrix(1, 9, 7));
  const linear = lcg(2, 7);
  for (const lambda of [0.01, 0.2, 0.6]) {
    const beta = lasso(gram, linear, lambda, { tolerance: 1e-14 });
    const gradient = multiply(gram, matrix(7, 1, beta)).data.map((value, i) => linear[i]! - value);
    gradient.forEach((value, i) => {
      if (beta[i] === 0) expect(Math.abs(value)).toBeLessThanOrEqual(lambda + 1e-9);
      else expect(value).toBeCloseTo(lambda * Math.sign(beta[i]!), 9);
    });
  }
});

test.for(chainings)('%s: a network keeps its answers better than by the norm of its filters', async (chaining) => {
  const graph = buildGraph({ x: [1, 6, 6, 2] }, (g) => {
    const relu = { clamp: [0, Infinity] } as const;
    const a = addConv(g, 'x', 'first', 8, { kernel: [3, 3], ...relu });
    const b = addConv(g, a, 'second', 8, { kernel: [3, 3], ...relu });
    return [addDense(g, addConv(g, b, 'third', 6, { kernel: [2, 2], ...relu }), 'y', lcg(5, 24), lcg(6, 4))];
  });
  const samples = randomSamples(graph, 120);
  const layers = layersOf(graph).slice(0, -1);
  const prune = async (method: typeof pruneFilters, options: Record<string, unknown>) =>
    (await method.apply(contextOf(graph, samples), layers, method.options.parse(options))).network.graph;
  const narrow = await prune(channelPruningLasso, { target: { keep: 0.67 }, chaining });
  const byNorm = await prune(pruneFilters, { keep: 0.67 });
  expect(layersOf(narrow).map(({ outputs }) => outputs)).toEqual(layersOf(byNorm).map(({ outputs }) => outputs));
  const referee = await Referee.create(graph, samples);
  expect((await referee.measure(narrow)).outputError).toBeLessThan((await referee.measure(byNorm)).outputError);
});
