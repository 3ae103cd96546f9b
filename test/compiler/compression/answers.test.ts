/** Factorizations that look at the answers: better than by the weights, and what they report is what the network does. */
import { describe, expect, test } from 'vitest';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { type Layer, layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { networkCost } from '../../../compiler/compression/network-cost.ts';
import { type RectifiedFactors, rectifiedError, rectifiedFactors } from '../../../compiler/compression/rectified-factors.ts';
import { factorsOfResponses } from '../../../compiler/compression/reduced-rank.ts';
import { identity, matrix, transpose } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { verify } from '../../../compiler/verify.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { contextOf, convolutions, largestDifference, randomSamples } from './network-case.ts';

async function errorOf(name: string, options: object, graph = convolutions()) {
  const method = methodNamed(name) as CompressionMethod;
  const samples = randomSamples(graph, 60);
  const layer = layersOf(graph).filter((one) => one.name === 'b');
  const { network, layers } = await method.apply(contextOf(graph, samples), layer, method.options.parse(options));
  expect(layers[0]).toMatchObject({ layer: 'b', action: 'factorized' });
  const difference = await largestDifference(graph, verify(network.graph, name), samples);
  return { error: layers[0]?.relativeError as number, difference, facts: layers[0]?.facts, graph: network.graph };
}

describe('the fit to the answers', () => {
  test.for([
    ['spatial-factors', { rank: 5 }],
    ['tucker-factors', { ranks: [5, 4] }],
    ['flattened-factors', { rank: 2 }],
    ['depthwise-factors', { rank: 2 }],
  ] as const)('%s %o', async ([name, options]) => {
    const plain = await errorOf(name, { ...options, fit: 'weights', refit: false, keepUnprofitable: true });
    const fitted = await errorOf(name, { ...options, keepUnprofitable: true });
    expect(fitted.error).toBeLessThan(plain.error);
    expect(fitted.difference).toBeGreaterThan(0);
  });
});

describe('behind the ReLU (methods.md 13.3)', () => {
  test('what is cut off does not count', () => {
    const answers = lcgMatrix(1, 500, 6);
    const targets = { ...answers, data: answers.data.map((value, i) => value - 0.3 * ((i % 6) / 3)) };
    const r = transposedMultiply(answers, answers);
    for (const rank of [2, 3, 4]) {
      const linear = factorsOfResponses(
        matrix(
          6,
          6,
          Float64Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0)),
        ),
        r,
        () => rank,
      );
      const bias = Float64Array.from({ length: 6 }, (_, o) => -0.1 * o);
      const found = rectifiedFactors(answers, targets, rank);
      expect(rectifiedError(answers, targets, found)).toBeLessThan(0.9 * rectifiedError(answers, targets, { ...linear, bias }));
    }
    expect(rectifiedError(answers, targets, rectifiedFactors(answers, targets, 6))).toBeLessThan(1e-6);
  });

  // Y = W X + b with X = max(0, T(71) T(72)), W = T(73), b = 0.3 T(74); ‖max(0, Y) - max(0, Ŷ)‖ / ‖max(0, Y)‖.
  test.for([
    [2, 0.20735, 0.153],
    [3, 0.12155, 0.10227],
  ] as const)('the golden values of methods.md 13 at rank %i of 5: %f without, %f with the ReLU', ([rank, linear, rectified]) => {
    const x = multiply(lcgMatrix(71, 6, 6), lcgMatrix(72, 6, 400));
    const positive = { ...x, data: x.data.map((value) => Math.max(0, value)) };
    const bias = lcg(74, 5);
    const product = transposedMultiply(positive, transpose(lcgMatrix(73, 5, 6)));
    const y = { ...product, data: product.data.map((value, i) => value + 0.3 * bias[i % 5]!) };
    const errorOf = ({ p, q, bias: b }: RectifiedFactors) => {
      const model = multiplyTransposed(multiplyTransposed(y, q), p).data;
      let [error, norm] = [0, 0];
      y.data.forEach((value, i) => {
        error += (Math.max(0, value) - Math.max(0, model[i]! + b[i % 5]!)) ** 2;
        norm += Math.max(0, value) ** 2;
      });
      return Math.sqrt(error / norm);
    };
    const means = Float64Array.from({ length: 5 }, (_, o) => y.data.reduce((sum, value, i) => (i % 5 === o ? sum + value / 400 : sum), 0));
    const centred = { ...y, data: y.data.map((value, i) => value - means[i % 5]!) };
    // M = U Uᵀ of the leading eigenvectors, b = (I - M) ȳ.
    const { p, q } = factorsOfResponses(identity(5), transposedMultiply(centred, centred), () => rank);
    const kept = multiply(p, multiply(q, matrix(5, 1, means))).data;
    expect(errorOf({ p, q, bias: means.map((mean, o) => mean - kept[o]!) })).toBeCloseTo(linear, 5);
    expect(errorOf(rectifiedFactors(y, y, rank, 0))).toBeCloseTo(rectified, 5);
  });

  test('the pair of a layer is fitted so', async () => {
    const { facts } = await errorOf('low-rank', { fit: 'rectified', rank: 3 });
    expect(facts).toMatchObject({ rank: 3 });
    expect(facts?.rectifiedError).toBeGreaterThan(0);
    expect(facts?.rectifiedError).toBeLessThan(1);
  });
});

describe('parts that are added', () => {
  test('a thin pair and single weights', async () => {
    const { error, graph } = await errorOf('low-rank-plus-sparse', { ratio: 0.5, sparse: 0.5 });
    const [sparse] = layersOf(graph).filter(({ name }) => name === 'b.part2');
    expect(sparse?.weights.filter((value) => value !== 0)).toHaveLength(Math.floor(0.25 * 6 * 72));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan((await errorOf('low-rank', { ratio: 0.5 })).error);
  });

  /** Layer b as rank 1 plus channels 2 and 5. */
  function planted() {
    const graph = convolutions();
    const layer = layersOf(graph).find(({ name }) => name === 'b') as Layer;
    const low = multiply(lcgMatrix(1, 6, 1), lcgMatrix(2, 1, 72)).data;
    const extra = lcg(3, 6 * 72);
    return withWeights(
      graph,
      layer,
      low.map((value, i) => value + ([2, 5].includes(i % 8) ? 3 * (extra[i] as number) : 0)),
    );
  }

  test('a thin pair and the channels that were planted', async () => {
    const { error, facts, graph } = await errorOf('low-rank-plus-channels', { ratio: 0.5 }, planted());
    expect(facts).toMatchObject({ rank: 1, channels: 2 });
    const part = layersOf(graph).find(({ name }) => name === 'b.part2');
    expect(part?.inputs).toBe(2);
    const pair = await errorOf('low-rank', { ratio: 0.5, fit: 'rectified' }, planted());
    expect(error).toBeLessThan(0.01 * (pair.facts?.rectifiedError as number));
    expect(networkCost(graph).macs).toBeLessThan(networkCost(convolutions()).macs);
  });

  test('channels are taken only where they are worth more than components', async () => {
    const pair = await errorOf('low-rank', { ratio: 0.9, fit: 'rectified' });
    const both = await errorOf('low-rank-plus-channels', { ratio: 0.9 });
    expect(both.facts?.rank).toBeGreaterThan(0);
    expect(both.error).toBeLessThan(1.25 * (pair.facts?.rectifiedError as number));
    const none = methodNamed('low-rank-plus-channels') as CompressionMethod;
    const graph = convolutions();
    const layer = layersOf(graph).filter(({ name }) => name === 'b');
    const tiny = await none.apply(contextOf(graph, randomSamples(graph, 60)), layer, none.options.parse({ ratio: 0.1 }));
    expect(tiny.layers[0]).toMatchObject({ action: 'kept', reason: 'not even one component fits into 0.1 of its parameters' });
  });
});

test('one budget for all pairs', async () => {
  const graph = convolutions();
  const method = methodNamed('low-rank') as CompressionMethod;
  const layers = layersOf(graph).filter(({ name }) => name !== 'c');
  const context = contextOf(graph, randomSamples(graph, 60));
  const { network } = await method.apply(context, layers, method.options.parse({ macs: 0.6 }));
  expect(networkCost(network.graph).macs).toBeLessThanOrEqual(0.6 * networkCost(graph).macs);
  expect(networkCost(network.graph).macs).toBeGreaterThan(0.45 * networkCost(graph).macs);
});
