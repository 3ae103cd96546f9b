/** Issue 5: dead channels of the VWW MobileNet, and the networks that their authors pruned (acceptance 3 and 4). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compress } from '../../compiler/cli/compress.ts';
import { importModel, packModel } from '../../compiler/compile.ts';
import { Referee } from '../../compiler/compression/measure.ts';
import { sampleSet } from '../../compiler/compression/sample-set.ts';
import { packageRoot } from '../../compiler/root.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { jsonOf, runCli } from '../compiler/cli/run-cli.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const KB = 1024;
const scratch = scratchFolder();
const recipe = (name: string) => join(packageRoot, 'examples', 'recipes', `${name}.yaml`);

async function run(model: string, recipeName: string, ...options: string[]) {
  const argv = ['compress', sharedData(model), '--recipe', recipe(recipeName), '-o', scratch.path('out.whittle'), ...options, '--json'];
  const result = await runCli([compress], argv);
  expect(result.exitCode, result.stderr).toBe(0);
  const document = jsonOf(result);
  expect(readFileSync(scratch.path('out.whittle')).length).toBe(document.packedBytes);
  return document;
}

describeWithSharedData('VWW MobileNet without its dead channels', () => {
  const model = 'vww-mobilenetv1/model_fp32_folded.onnx';
  const photographs = sharedData('imagenet-sample1000/dev.vww.dataset.json');
  const original = () => importModel({ onnx: sharedData(model), name: 'vww' });
  const all = () => {
    const { graph } = original();
    return sampleSet(loadSamples(photographs, { inputs: modelInputsOf(inputPortsOf(graph)) }), graph);
  };

  test.for([
    ['remove-constant-channels', 1e-4],
    ['remove-zero-channels', 0],
  ] as const)('%s', async ([name, difference]) => {
    const float = scratch.path('float.onnx');
    const options = ['--samples', photographs, '--limit', '100', '--labels-from', photographs, '--onnx-float', float];
    const document = await run(model, name, ...options);
    expect(document.packedBytes).toBeLessThanOrEqual(38 * KB);
    expect(document.macs).toBeLessThanOrEqual(3_750_000);
    // On the 100 photographs that were looked at, and on all 500.
    expect(document.waterfall[1].measured.maxDifference).toBeLessThanOrEqual(difference);
    const referee = await Referee.create(original().graph, all());
    const after = await referee.measure(importModel({ onnx: float, name: 'vww' }).graph);
    expect(after.maxDifference).toBeLessThanOrEqual(1e-4);
    expect(after.agreement).toBe(1);

    const { graph } = original();
    const inputs = modelInputsOf(inputPortsOf(graph));
    const hundred = loadSamples(photographs, { inputs, limit: 100 });
    const read = sampleReader(hundred, inputs);
    const plain = await packModel(original(), { name: 'vww', samples: Array.from({ length: 100 }, (_, i) => read(i)) });
    const { agreement } = await referee.measure(plain.graph);
    expect(document.measured.agreement).toBeGreaterThanOrEqual(agreement);
  });
});

describeWithSharedData("the authors' pruned LeNets", () => {
  const calibration = sharedData('mnist-lenet/calibration.dataset.json');
  const dev = sharedData('mnist-lenet/dev.dataset.json');

  test.for([
    ['lenet300100', 16, 90],
    ['lenet5', 13, 48],
  ] as const)('%s: at most %i KB', async ([name, kilobytes, errors]) => {
    const document = await run(`mnist-lenet/${name}_sparse.onnx`, 'already-sparse', '--samples', calibration, '--labels-from', dev);
    expect(document.packedBytes).toBeLessThanOrEqual(kilobytes * KB);
    const wrong = (share: number) => Math.round(5000 * (1 - share));
    expect(wrong(document.originalTop1)).toBe(errors);
    expect(Math.abs(wrong(document.measured.top1) - errors)).toBeLessThanOrEqual(2);
    // Dead rows and columns are gone: no row and no column of zeros is left but the model's own inputs.
    expect(document.macs).toBeLessThan(0.2 * 2_293_000);
  });
});
