/** Issue 5, points 5 and 6: factorizations on real networks. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compress } from '../../compiler/cli/compress.ts';
import { importModel } from '../../compiler/compile.ts';
import { methodNamed } from '../../compiler/compression/index.ts';
import { type Layer, layerNamed, layersOf, windowOfLayer } from '../../compiler/compression/layers.ts';
import type { CompressionMethod, LayerOutcome, MethodContext } from '../../compiler/compression/method.ts';
import { networkCost } from '../../compiler/compression/network-cost.ts';
import { sampleSet } from '../../compiler/compression/sample-set.ts';
import { nearlyEqualFactors } from '../../compiler/compression/tensor-train-factors.ts';
import { matrix } from '../../compiler/linalg/matrix.ts';
import { squaredNorm } from '../../compiler/linalg/svd.ts';
import { composeTensorTrain, tensorTrain, tensorTrainParameters } from '../../compiler/linalg/tensor-train.ts';
import { vbmf } from '../../compiler/linalg/vbmf.ts';
import { packageRoot } from '../../compiler/root.ts';
import { inputPortsOf, modelInputsOf } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { jsonOf, runCli } from '../compiler/cli/run-cli.ts';
import { contextOf } from '../compiler/compression/network-case.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const scratch = scratchFolder();

async function run(model: string, recipe: string, folder: string) {
  const argv = ['compress', sharedData(model), '--recipe', join(packageRoot, 'examples', 'recipes', `${recipe}.yaml`), '--json'];
  const samples = [
    '--samples',
    sharedData(`${folder}/calibration.dataset.json`),
    '--labels-from',
    sharedData(`${folder}/dev.dataset.json`),
  ];
  const result = await runCli([compress], [...argv, ...samples, '-o', scratch.path('out.whittle')]);
  expect(result.exitCode, result.stderr).toBe(0);
  return jsonOf(result);
}

describeWithSharedData('factorized and quantized, without labels', () => {
  test('ResNet-8 with half of its multiply-accumulates: at most 3 points', async () => {
    const { macs, drop, originalTop1, measured, packedBytes } = await run(
      'ic-resnet8/model_fp32_bn.onnx',
      'resnet8-half-macs',
      'ic-resnet8',
    );
    console.log(`ResNet-8: ${macs} MACs, top-1 ${originalTop1} → ${measured.top1}, drop ${drop.toFixed(2)} points, ${packedBytes} bytes`);
    expect(macs).toBeLessThanOrEqual(12_501_632 / 2);
    expect(drop).toBeLessThanOrEqual(3);
  });

  test('LeNet-300-100 with a first layer five times smaller: at most 0.2 points', async () => {
    const { drop, layers, packedBytes } = await run('mnist-lenet/lenet300100_original.onnx', 'lenet-300-100-svd', 'mnist-lenet');
    const [first, second] = layers.map(({ parameters }: { parameters: number }) => parameters);
    console.log(`LeNet-300-100: first layer ${first} + ${second} parameters, drop ${drop.toFixed(2)} points, ${packedBytes} bytes`);
    expect(first + second).toBeLessThanOrEqual((784 * 300 + 300) / 5 + 300);
    expect(drop).toBeLessThanOrEqual(0.2);
  });
});

/** One line per layer and method: what it became, its error, the bytes of its float32 parameters, and the time that took. */
interface Row {
  readonly layer: string;
  readonly method: string;
  readonly result: string;
  readonly error: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

async function factorize(context: MethodContext, layer: Layer, [label, ...steps]: Setting): Promise<Row> {
  const { graph } = context.network;
  const start = performance.now();
  let [network, outcome] = [context.network, undefined as LayerOutcome | undefined];
  for (const [name, options] of steps) {
    const method = methodNamed(name) as CompressionMethod;
    // The last link of a chain has the layer's name.
    const last = layerNamed(network.graph, layer.name) as Layer;
    const result = await method.apply({ ...context, network }, [last], method.options.parse(options));
    [network, outcome] = [result.network, result.layers[0]];
  }
  const milliseconds = performance.now() - start;
  for (const { constant } of network.graph.values.values())
    if (constant instanceof Float32Array) expect(constant.every(Number.isFinite), `${label} of ${layer.name}`).toBe(true);
  const saved = networkCost(graph).parameters - networkCost(network.graph).parameters;
  const bytes = 4 * (layer.weights.length + layer.bias.length - saved);
  const facts = JSON.stringify(outcome?.facts?.rank ?? outcome?.facts?.ranks ?? '');
  const result = outcome?.action === 'kept' ? `kept: ${outcome.reason}` : `rank ${facts}`;
  return { layer: layer.name, method: label, result, error: outcome?.relativeError ?? 0, bytes, milliseconds };
}

/** Tensor-Train of the matrix of a convolution, half of its parameters. */
function train(layer: Layer): Row {
  const start = performance.now();
  const w = matrix(layer.outputs, layer.columns, Float64Array.from(layer.weights));
  const shape = [nearlyEqualFactors(layer.outputs, 2), nearlyEqualFactors(layer.columns, 2)] as const;
  const perRank = shape[0].reduce((sum, m, k) => sum + m * (shape[1][k] as number), 0);
  const rank = Math.max(1, Math.floor(layer.weights.length / 2 / perRank));
  const cores = tensorTrain(w, ...shape, { ranks: [rank] });
  const composed = composeTensorTrain(cores);
  const difference = { ...w, data: w.data.map((value, i) => value - (composed.data[i] as number)) };
  const error = squaredNorm(difference) / squaredNorm(w);
  const bytes = 4 * (tensorTrainParameters(cores) + layer.outputs);
  return {
    layer: layer.name,
    method: 'tensor train',
    result: `rank ${cores[0]?.right}`,
    error,
    bytes,
    milliseconds: performance.now() - start,
  };
}

type Step = readonly [method: string, options: object];
type Setting = readonly [label: string, ...steps: Step[]];

/** The last link is fitted to the answers; a fit of all factors to them would take minutes for SqueezeNet. */
const everywhere = { keepUnprofitable: true, fit: 'weights' };

/** So many unknowns are solved for in seconds. */
const UNKNOWNS = 300;

const spatial = ({ outputs, inputs }: Layer): readonly Setting[] => [
  ['variational Bayes', ['tucker-factors', { ...everywhere, vbmf: true }]],
  ['Tucker', ['tucker-factors', { ...everywhere, energy: 0.9 }]],
  ['CP', ['cp-factors', { ...everywhere, ratio: 0.5, sweeps: 10, restarts: 1 }]],
  [
    'CP, nonlinear',
    [
      'cp-factors',
      {
        ...everywhere,
        strided: 'mixed',
        algorithm: 'nls',
        rank: Math.max(1, Math.floor(UNKNOWNS / (outputs + inputs + 9))),
        sweeps: 10,
        restarts: 1,
      },
    ],
  ],
  ['Tai', ['spatial-factors', { ...everywhere, energy: 0.9 }]],
  ['Tai, low rank', ['spatial-factors', { ...everywhere, energy: 0.9 }], ['low-rank', { keepUnprofitable: true, ratio: 0.5 }]],
  ['depthwise', ['depthwise-factors', { ...everywhere, ratio: 0.5 }]],
  ['flattened', ['flattened-factors', { ...everywhere, rank: 1 }]],
];

/** Of a point, Tucker, CP and Tai are all the same: a low rank. */
const pointwise = (layer: Layer): readonly Setting[] => {
  const rank = Math.max(1, vbmf(matrix(layer.outputs, layer.columns, Float64Array.from(layer.weights))).rank);
  return [
    ['variational Bayes', ['low-rank', { ...everywhere, rank }]],
    ['Tucker, CP, Tai', ['low-rank', { ...everywhere, energy: 0.9 }]],
  ];
};

const half = { keepUnprofitable: true, ratio: 0.5 };
const ofAnswers: readonly Setting[] = [
  ['behind the ReLU', ['low-rank', { ...half, fit: 'rectified' }]],
  ['nuclear norm', ['soft-low-rank', { keepUnprofitable: true, lambda: 0.05 }]],
  ['plus sparse', ['low-rank-plus-sparse', { ...half, sweeps: 3 }]],
  ['plus channels', ['low-rank-plus-channels', { ...half, iterations: 5, patches: 500 }]],
];

function settingsOf(layer: Layer): readonly Setting[] {
  return [...(windowOfLayer(layer).kernel[0] > 1 ? spatial(layer) : pointwise(layer)), ...ofAnswers];
}

describeWithSharedData('every convolution', () => {
  test.for([
    ['ic-resnet8/model_fp32_bn.onnx', 'ic-resnet8/calibration.dataset.json', 100, 9],
    ['imagenet-sample1000/squeezenet1.1_fp32.onnx', 'imagenet-sample1000/dev.squeezenet.dataset.json', 2, 26],
  ] as const)('of %s, by every factorization', async ([model, dataset, limit, count]) => {
    const { graph } = importModel({ onnx: sharedData(model), name: 'model' });
    const read = loadSamples(sharedData(dataset), { inputs: modelInputsOf(inputPortsOf(graph)), limit });
    const context = contextOf(graph, sampleSet(read, graph), { patches: 4000 });
    const layers = layersOf(graph).filter(({ kind }) => kind === 'convolution');
    expect(layers).toHaveLength(count);
    const rows: Row[] = [];
    for (const layer of layers) {
      for (const setting of settingsOf(layer)) rows.push(await factorize(context, layer, setting));
      rows.push(train(layer));
    }
    for (const { layer, method, result, error, bytes, milliseconds } of rows) {
      console.log(
        `${layer.padEnd(28)} ${method.padEnd(17)} error ${error.toFixed(4)} ${String(bytes).padStart(8)} bytes ${milliseconds.toFixed(0).padStart(6)} ms  ${result}`,
      );
      expect(error).toBeGreaterThanOrEqual(0);
      expect(bytes).toBeGreaterThan(0);
    }
    expect(rows.filter(({ result }) => result.startsWith('kept'))).toEqual([]);
  });
});
