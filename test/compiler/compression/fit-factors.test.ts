/** Factors fitted to the answers: gradients, the optimum where it is known, and the balance of the channels between. */
import { describe, expect, test } from 'vitest';
import { balanceChain, linksOf } from '../../../compiler/compression/balance-chain.ts';
import { cpWeights } from '../../../compiler/compression/cp-weights.ts';
import { depthwiseForm } from '../../../compiler/compression/depthwise-factors.ts';
import { type FactoredWeights, fitFactors } from '../../../compiler/compression/fit-factors.ts';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { factorsOfResponses } from '../../../compiler/compression/reduced-rank.ts';
import { tensorTrainWeights } from '../../../compiler/compression/tensor-train-weights.ts';
import { Executor } from '../../../compiler/execute.ts';
import { addScaled, innerProduct, type Matrix } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { verify } from '../../../compiler/verify.ts';
import { lcgMatrix } from './lcg.ts';
import { contextOf, convolutions, largestDifference, randomSamples } from './network-case.ts';

const pair: FactoredWeights = {
  compose: ([p, q]) => multiply(p as Matrix, q as Matrix),
  pullBack: ([p, q], gradient) => [multiplyTransposed(gradient, q as Matrix), transposedMultiply(p as Matrix, gradient)],
};

describe('structures', () => {
  const b = layersOf(convolutions()).find(({ name }) => name === 'b')!;
  test.for([
    ['a pair', pair, [lcgMatrix(1, 6, 3), lcgMatrix(2, 3, 18)]],
    ['point, window, point', cpWeights, [lcgMatrix(1, 6, 4), lcgMatrix(2, 2, 4), lcgMatrix(3, 9, 4)]],
    ['point, rows, columns, point', cpWeights, [lcgMatrix(1, 6, 4), lcgMatrix(2, 2, 4), lcgMatrix(3, 3, 4), lcgMatrix(4, 3, 4)]],
    [
      'a train of three cores',
      tensorTrainWeights({ outputs: [2, 2, 3], inputs: [2, 3, 2] }),
      [lcgMatrix(1, 4, 3), lcgMatrix(2, 18, 2), lcgMatrix(3, 12, 1)],
    ],
    ['windows of each channel', depthwiseForm(b), [lcgMatrix(1, 6, 16), lcgMatrix(2, 16, 9)]],
  ] as const)('%s: the gradient is that of finite differences', ([, structure, factors]) => {
    const weights = structure.compose(factors);
    const toward = lcgMatrix(9, weights.rows, weights.columns);
    const gradients = structure.pullBack(factors, toward);
    factors.forEach((factor, i) => {
      for (const at of [0, 3, factor.data.length - 1]) {
        const moved = factor.data.slice();
        moved[at] = (moved[at] as number) + 1e-3;
        const other = structure.compose(factors.with(i, { ...factor, data: moved }));
        const difference = innerProduct(addScaled(other, weights, -1).data, toward.data) / 1e-3;
        expect(gradients[i]?.data[at]).toBeCloseTo(difference, 8);
      }
    });
  });

  test('a pair comes to the closed form of methods.md 7', () => {
    const w = lcgMatrix(4, 6, 8);
    const x = lcgMatrix(5, 40, 8);
    const r = transposedMultiply(x, x);
    const { energies, total } = factorsOfResponses(w, r, () => 2);
    const missing = 1 - ((energies[0] as number) + (energies[1] as number)) / total;
    const { relativeError } = fitFactors(pair, [lcgMatrix(6, 6, 2), lcgMatrix(7, 2, 8)], w, r, { iterations: 500, ridge: 0 });
    expect(relativeError).toBeCloseTo(missing, 6);
  });
});

describe('in a network', () => {
  const method = methodNamed('cp-factors') as CompressionMethod;

  test('factors that know the answers are closer to them than those of the weights', async () => {
    const graph = convolutions();
    const context = contextOf(graph, randomSamples(graph, 60));
    const layer = layersOf(graph).filter(({ name }) => name === 'b');
    const errors = [];
    for (const fit of ['weights', 'responses'])
      errors.push(
        (await method.apply(context, layer, method.options.parse({ fit, ratio: 0.5, strided: 'mixed' }))).layers[0]
          ?.relativeError as number,
      );
    expect(errors[1]).toBeGreaterThan(0);
    expect(errors[1]).toBeLessThan(0.8 * (errors[0] as number));
  });

  test('channels between the factors have one range, and the answers stay', async () => {
    const graph = convolutions();
    const samples = randomSamples(graph, 20);
    const layer = layersOf(graph).find(({ name }) => name === 'b');
    const plain = await method.apply(
      contextOf(graph, samples),
      [layer!],
      method.options.parse({ balance: false, refit: false, rank: 6, strided: 'mixed' }),
    );
    const balanced = await balanceChain(plain.network, 'b', 'a', samples);
    expect(await largestDifference(plain.network.graph, verify(balanced.graph, 'balance'), samples)).toBeLessThan(1e-4);
    const inner = linksOf(balanced.graph, 'b', 'a').slice(0, -1);
    expect(inner.map(({ name }) => name)).toEqual(['b.1', 'b.2']);
    const part = { ...balanced.graph, outputs: inner.map(({ output }) => ({ name: output, value: output })) };
    for (const ranges of await channelMaxima(part, samples))
      for (const range of ranges) expect(range / (ranges[0] as number)).toBeCloseTo(1, 4);
  });
});

async function channelMaxima(graph: Parameters<typeof largestDifference>[0], samples: ReturnType<typeof randomSamples>) {
  const executor = await Executor.create(graph);
  const maxima: number[][] = graph.outputs.map(() => []);
  for (let n = 0; n < samples.count; n++)
    executor.run(samples.at(n)).forEach(({ data, type }, port) => {
      const channels = type.shape.at(-1) as number;
      data.forEach((value, i) => {
        const list = maxima[port] as number[];
        list[i % channels] = Math.max(list[i % channels] ?? 0, Math.abs(value));
      });
    });
  return maxima;
}
