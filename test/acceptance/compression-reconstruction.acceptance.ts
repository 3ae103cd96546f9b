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
  test('LeNet-300-100: 46 % of the parameters, at most 3 more errors of 5000', async () => {
    const { parameters, moreErrors, original } = await run('mnist-lenet/lenet300100_original.onnx', 'lenet-300-100-reconstruction');
    expect(original).toBe(116);
    expect(parameters).toBeLessThanOrEqual(0.46);
    expect(moreErrors).toBeLessThanOrEqual(3);
  });
});
