/** Issue 5, acceptance 2: the LeNets by Linear Neural Reconstruction, without labels or training. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compress } from '../../compiler/cli/compress.ts';
import { packageRoot } from '../../compiler/root.ts';
import { jsonOf, runCli } from '../compiler/cli/run-cli.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const scratch = scratchFolder();
const TEST_IMAGES = 5000;
const ERRORS_PER_POINT = TEST_IMAGES / 100;

async function run(model: string, recipeName: string) {
  const recipe = join(packageRoot, 'examples', 'recipes', `${recipeName}.yaml`);
  const samples = ['--samples', sharedData('mnist-lenet/calibration.dataset.json')];
  const labels = ['--labels-from', sharedData('mnist-lenet/dev.dataset.json')];
  const output = ['-o', scratch.path('out.whittle'), '--json'];
  const result = await runCli([compress], ['compress', sharedData(model), '--recipe', recipe, ...samples, ...labels, ...output]);
  expect(result.exitCode, result.stderr).toBe(0);
  const document = jsonOf(result);
  const wrong = (share: number) => Math.round(TEST_IMAGES * (1 - share));
  return {
    parameters: document.parameters / document.original.parameters,
    packedBytes: document.packedBytes,
    original: wrong(document.originalTop1),
    moreErrors: wrong(document.measured.top1) - wrong(document.originalTop1),
  };
}

describeWithSharedData('the LeNets by reconstruction', () => {
  test.for([
    ['lenet300100', 'lenet-300-100-reconstruction', 0.46, 116],
    ['lenet5', 'lenet-5-reconstruction', 0.16, 45],
  ] as const)('%s: %s, %f of the parameters, at most 0.05 points', async ([model, recipe, share, original]) => {
    const result = await run(`mnist-lenet/${model}_original.onnx`, recipe);
    expect(result.original).toBe(original);
    expect(result.parameters).toBeLessThanOrEqual(share);
    expect(result.moreErrors).toBeLessThanOrEqual(ERRORS_PER_POINT * 0.05);
  });

  test.for([
    ['lenet300100', 'lenet-300-100-small', 100],
    ['lenet5', 'lenet-5-small', 60],
  ] as const)('%s: %s, at most %i KB, at most 0.1 points', async ([model, recipe, kilobytes]) => {
    const result = await run(`mnist-lenet/${model}_original.onnx`, recipe);
    expect(result.packedBytes).toBeLessThanOrEqual(kilobytes * 1024);
    expect(result.moreErrors).toBeLessThanOrEqual(ERRORS_PER_POINT * 0.1);
  });
});
