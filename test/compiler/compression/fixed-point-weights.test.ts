/** Quantization as the seeds teach it, with its exercises (methods.md 18.1), beside what the quantizer does. */
import { describe, expect, test } from 'vitest';
import { fixedPoint, fixedPointWeights } from '../../../compiler/compression/fixed-point-weights.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { asymmetricQuantization, channelMaxima, quantizeArray, weightScales } from '../../../compiler/quantization/affine.ts';
import { buildGraph } from '../passes/pass-case.ts';
import { addDense, contextOf, randomSamples } from './network-case.ts';

const W = [-0.18120981, -0.2904384, 0.49722983, 0.22141714];
const v = [0.77412377, 0.49299395];

describe('⌊128 x / a⌋', () => {
  test('the lecture: integers, accumulators, results; the sign that the slide lost', () => {
    const [Wq, vq] = [fixedPoint(W, 1), fixedPoint(v, 1)];
    expect([...Wq]).toEqual([-24, -38, 63, 28]);
    expect([...vq]).toEqual([99, 63]);
    const accumulators = [0, 1].map((row) => (Wq[2 * row] as number) * (vq[0] as number) + (Wq[2 * row + 1] as number) * (vq[1] as number));
    expect(accumulators).toEqual([-4770, 8001]);
    [-0.2911377, 0.48834229].forEach((value, row) => expect((accumulators[row] as number) / 16384).toBeCloseTo(value, 5));
    [-0.28346319, 0.49407474].forEach((exact, row) => expect(W[2 * row]! * v[0]! + W[2 * row + 1]! * v[1]!).toBeCloseTo(exact, 5));
    // Both ranges count, not one of them: a_w a_x acc / 16384.
    const [wider, finer] = [fixedPoint(W, 2), fixedPoint(v, 4)];
    const product = (2 * 4 * ((wider[2] as number) * (finer[0] as number) + (wider[3] as number) * (finer[1] as number))) / 16384;
    expect(product).toBeCloseTo(0.494, 1);
  });

  test('the exercise: a must be more than the largest number', () => {
    expect([...fixedPoint([3, -0.5, 1, 2], 4)]).toEqual([96, -16, 32, 64]);
    expect([...fixedPoint([3, -0.5, 1, 2], 3)]).toEqual([127, -22, 42, 85]);
  });
});

describe('the same exercise by the quantizer', () => {
  const x = [3, -0.5, 1, 2];

  test('symmetric, one scale', () => {
    const scale = weightScales([3], [], 1);
    expect([...quantizeArray(x, [2, 2], { scale, zeroPoint: 0 }, -127)]).toEqual([127, -21, 42, 85]);
  });

  test('symmetric, a scale per row; 63.5 rounds to even', () => {
    const scale = weightScales(channelMaxima(x, [2, 2], 0), [], 1);
    expect([...quantizeArray(x, [2, 2], { scale, zeroPoint: 0, axis: 0 }, -127)]).toEqual([127, -21, 64, 127]);
  });

  test('asymmetric', () => {
    const quantization = asymmetricQuantization({ min: -0.5, max: 3 });
    expect(quantization.scale[0]).toBeCloseTo(3.5 / 255, 7);
    expect(quantization.zeroPoint).toBe(-92);
    expect([...quantizeArray(x, [2, 2], quantization)]).toEqual([127, -128, -19, 54]);
  });
});

test('as a method: weights on the grid of a / 128', () => {
  const graph = buildGraph({ x: [1, 2] }, (g) => [addDense(g, 'x', 'a', W, [0, 0])]);
  const result = fixedPointWeights.apply(contextOf(graph, randomSamples(graph, 1)), layersOf(graph), { range: 1 });
  return Promise.resolve(result).then(({ network }) => {
    expect([...(layersOf(network.graph)[0]?.weights ?? [])]).toEqual([-24 / 128, -38 / 128, 63 / 128, 28 / 128]);
  });
});
