/** Issue 5: number formats and codebooks on the real networks, what they cost in accuracy and what is left in bytes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compress } from '../../compiler/cli/compress.ts';
import { importModel, packModel } from '../../compiler/compile.ts';
import { Referee } from '../../compiler/compression/measure.ts';
import { sampleSet } from '../../compiler/compression/sample-set.ts';
import { Executor } from '../../compiler/execute.ts';
import { inputsOf } from '../../compiler/quantization/accuracy.ts';
import type { PrecisionChoice } from '../../compiler/quantization/layer-precision.ts';
import { packageRoot } from '../../compiler/root.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { bench } from '../../devices/cli/bench.ts';
import { jsonOf, runCli } from '../compiler/cli/run-cli.ts';
import { int8Variants } from '../compiler/ops/op-case.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { canEmulate } from '../devices/serial/emulated.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const KB = 1024;
const scratch = scratchFolder();
const lenet = { model: 'mnist-lenet/lenet300100_original.onnx', folder: 'mnist-lenet' };
const resnet = { model: 'ic-resnet8/model_fp32_folded.onnx', folder: 'ic-resnet8' };

async function run({ model, folder }: typeof lenet, recipe: string) {
  const argv = [
    ...['compress', sharedData(model), '--recipe', join(packageRoot, 'examples', 'recipes', `${recipe}.yaml`)],
    ...['--samples', sharedData(`${folder}/calibration.dataset.json`), '--labels-from', sharedData(`${folder}/dev.dataset.json`)],
    ...['-o', scratch.path('out.whittle'), '--json'],
  ];
  const result = await runCli([compress], argv);
  expect(result.exitCode, result.stderr).toBe(0);
  const document = jsonOf(result);
  expect(readFileSync(scratch.path('out.whittle')).length).toBe(document.packedBytes);
  console.log(`${folder} ${recipe}: ${document.packedBytes} bytes, drop ${document.drop.toFixed(2)} points`);
  return document;
}

describeWithSharedData('codebooks and 4 bits, nothing trained', () => {
  test.for([
    ['k-means-codebook', lenet, 126, 0.1],
    ['deep-compression', lenet, 90, 0.3],
    ['k-means-codebook', resnet, 40, 1],
    ['int4-groups', resnet, 50, 1],
  ] as const)('%s', async ([recipe, network, kilobytes, points]) => {
    const document = await run(network, recipe);
    expect(document.packedBytes).toBeLessThanOrEqual(kilobytes * KB);
    expect(document.drop).toBeLessThanOrEqual(points);
  });
});

describeWithSharedData('number formats', () => {
  test.for([
    ['float16', 0.51, 0],
    ['dynamic-range', 0.26, 0.1],
    ['int16-activations', 0.26, 0.1],
  ] as const)('LeNet-300-100 in %s', async ([recipe, share, points]) => {
    const document = await run(lenet, recipe);
    expect(document.packedBytes).toBeLessThanOrEqual(share * document.original.bytes);
    expect(document.drop).toBeLessThanOrEqual(points);
  });

  test('ResNet-8: float16 is nearer to float32 than int16, int16 nearer than int8; every engine gives the same bits', async () => {
    const model = importModel({ onnx: sharedData(resnet.model), name: 'resnet8' });
    const inputs = modelInputsOf(inputPortsOf(model.graph));
    const calibration = loadSamples(sharedData('ic-resnet8/calibration.dataset.json'), { inputs, limit: 100 });
    const read = sampleReader(calibration, inputs);
    const dev = sampleSet(loadSamples(sharedData('ic-resnet8/dev.dataset.json'), { inputs, limit: 500 }), model.graph);
    const referee = await Referee.create(model.graph, dev);
    const pack = async (precision: PrecisionChoice) => {
      const samples = Array.from({ length: calibration.count }, (_, i) => read(i));
      const { graph } = await packModel(model, { name: 'resnet8', precision, samples });
      const measured = await referee.measure(graph);
      console.log(
        `ResNet-8 ${JSON.stringify(precision)}: error ${measured.outputError.toExponential(2)}, ${(100 * measured.agreement).toFixed(1)} % agree`,
      );
      return { graph, ...measured };
    };
    const [half, wide, dynamic, narrow] = [await pack('float16'), await pack('int16'), await pack({ '*': 'dynamic' }), await pack('int8')];
    expect(half.outputError).toBeLessThan(1e-4);
    expect(wide.outputError).toBeLessThan(0.6 * narrow.outputError);
    expect(dynamic.outputError).toBeLessThan(2e-3);
    for (const { graph } of [half, wide, dynamic]) {
      const sample = inputsOf(graph, dev.at(0));
      const answers = await Promise.all(int8Variants.map(async (variant) => (await Executor.create(graph, variant)).run(sample)[0]?.data));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    }
  });

  test('an emulated Cortex-M4 runs a model of every format, each layer with the bytes of this machine', async () => {
    if (!canEmulate('mps2-an386')) return;
    const recipe = scratch.path('formats.yaml');
    writeFileSync(recipe, 'steps: []\nquantize:\n  precision: { conv1: float16, conv2: int16, ip1: dynamic }\n');
    const packed = scratch.path('formats.whittle');
    const samples = ['--samples', sharedData('mnist-lenet/calibration.dataset.json'), '--limit', '50'];
    const model = sharedData('mnist-lenet/lenet5_original.onnx');
    const written = await runCli([compress], ['compress', model, '--recipe', recipe, ...samples, '-o', packed, '--json']);
    expect(jsonOf(written).layers.map(({ dtype }: { dtype: string }) => dtype)).toEqual(['float16', 'int16', 'dynamic', 'int8']);
    // Outputs that differ in any layer would end it with exit code 5.
    const result = await runCli([bench], ['bench', packed, '--on', 'qemu:mps2-an386', '--preload', '--json']);
    expect(result.exitCode, result.stderr).toBe(0);
  });
});
