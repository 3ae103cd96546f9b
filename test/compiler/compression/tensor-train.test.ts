/** Dense layers as Tensor-Trains: the chain of small layers computes what the matrix computes. */
import { expect, test } from 'vitest';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { nearlyEqualFactors, parametersOfRank } from '../../../compiler/compression/tensor-train-factors.ts';
import { replaceByTensorTrain } from '../../../compiler/compression/tensor-train-graph.ts';
import { coresOfFactors, factorOfCore, tensorTrainWeights } from '../../../compiler/compression/tensor-train-weights.ts';
import { composeTensorTrain, tensorTrain } from '../../../compiler/linalg/tensor-train.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { verify } from '../../../compiler/verify.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

/** x [1, 24] → 24 with ReLU → 5. */
function network() {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 24] });
  const h = addDense(builder, 'x', 'h', lcg(41, 24 * 24), lcg(3, 24), true);
  const y = addDense(builder, h, 'y', lcg(4, 5 * 24), lcg(5, 5));
  return verify(builder.build('tensor-train', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]), 'test');
}

const shape = { outputs: [2, 3, 4], inputs: [3, 2, 4] };

test('the cores multiply out to the same matrix in both ways', () => {
  const cores = tensorTrain(lcgMatrix(41, 24, 24), shape.outputs, shape.inputs, { ranks: [2, 3] });
  const factors = cores.map(factorOfCore);
  const composed = tensorTrainWeights(shape).compose(factors).data;
  composeTensorTrain(cores).data.forEach((value, i) => {
    expect(composed[i]).toBeCloseTo(value, 12);
  });
  expect(coresOfFactors(factors, shape)).toEqual(cores);
});

test('the chain computes the matrix, bias and activation included', async () => {
  const graph = network();
  const layer = layersOf(graph)[0]!;
  const samples = randomSamples(graph, 10);
  const cores = tensorTrain(lcgMatrix(41, 24, 24), shape.outputs, shape.inputs);
  const train = verify(replaceByTensorTrain(graph, layer, cores, layer.bias), 'train');
  expect(train.nodes.filter(({ op }) => op.name === 'Dense')).toHaveLength(4);
  expect(await largestDifference(graph, train, samples)).toBeLessThan(1e-5);
});

test('the reported error is that of the answers, and a fit to them is better than the weights alone', async () => {
  const graph = network();
  const samples = randomSamples(graph, 200);
  const method = methodNamed('tensor-train-factors') as CompressionMethod;
  const errors = [];
  for (const fit of ['weights', 'responses']) {
    const options = method.options.parse({ ...shape, fit, rank: 4 });
    const { network: found, layers } = await method.apply(contextOf(graph, samples), [layersOf(graph)[0]!], options);
    expect(layers[0]).toMatchObject({ action: 'factorized', facts: { ranks: [4, 4] } });
    verify(found.graph, fit);
    errors.push(layers[0]?.relativeError as number);
  }
  expect(errors[1]).toBeGreaterThan(0);
  expect(errors[1]).toBeLessThan(errors[0] as number);
});

test('shapes that do not fit are refused by name', async () => {
  const graph = network();
  const method = methodNamed('tensor-train-factors') as CompressionMethod;
  const apply = (options: object) =>
    method.apply(contextOf(graph, { count: 0, at: () => [] }), [layersOf(graph)[0]!], method.options.parse(options));
  expect((await apply({ outputs: [5, 5] })).layers[0]?.reason).toBe('5·5 is not the 24 outputs of the layer');
  expect((await apply({ rank: 16 })).layers[0]?.reason).toContain('parameters');
  expect(nearlyEqualFactors(784, 2)).toEqual([28, 28]);
  expect(nearlyEqualFactors(300, 2)).toEqual([15, 20]);
  expect(nearlyEqualFactors(24, 3)).toEqual([3, 2, 4]);
});

test('the published sizes of the dense layers of VGG (methods.md 12)', () => {
  // m are the outputs, n the inputs; one of the lectures names them the other way round.
  const first = { outputs: [4, 4, 4, 4, 4, 4], inputs: [2, 7, 8, 8, 7, 4] };
  const second = { outputs: first.outputs, inputs: first.outputs };
  const [fc6, fc7] = [25088 * 4096, 4096 * 4096];
  const sizes = [4, 2, 1].map((rank) => parametersOfRank(first, rank));
  expect(sizes).toEqual([2016, 528, 144]);
  // 8 064 bytes of float32, not the 0.766 MB of the lecture's picture.
  expect(4 * sizes[0]!).toBe(8064);
  expect(sizes.map((size) => Math.round(fc6 / size))).toEqual([50_972, 194_622, 713_614]);
  const both = sizes[0]! + parametersOfRank(second, 4);
  expect(both).toBe(3168);
  expect(Math.floor((fc6 + fc7) / both)).toBe(37_732);
  // The whole of VGG-16 and VGG-19, biases included: the first layer as a train, or both.
  for (const [all, one, two] of [
    [138_357_544, 3.89, 7.35],
    [143_667_240, 3.51, 5.95],
  ] as const) {
    expect(all / (all - fc6 + sizes[0]!)).toBeCloseTo(one, 2);
    expect(all / (all - fc6 - fc7 + both)).toBeCloseTo(two, 2);
  }
});
