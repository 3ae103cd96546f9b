/**
 * Issue 5, acceptance 8: `whittle search` on ResNet-8 with size <= 60 KB against every model of that size which one
 * method alone makes, on the dev set. What methods alone reach is a part of the search itself; the ones that come closest
 * are made once more here, on all layers, and measured by themselves.
 */
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type SearchCandidate, searchVerb } from '../../compiler/cli/search.ts';
import { importModel } from '../../compiler/compile.ts';
import { sampleSet, withoutLabels } from '../../compiler/compression/sample-set.ts';
import { UsageError } from '../../compiler/errors.ts';
import { inputPortsOf, modelInputsOf } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { Judge } from '../../compiler/search/judge.ts';
import { Laboratory } from '../../compiler/search/laboratory.ts';
import { evaluation } from '../../devices/cli/eval.ts';
import { jsonOf, runCli } from '../compiler/cli/run-cli.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const BUDGET = 60 * 1024;
const LIMIT = 256;
const PATCHES = 8192;
/**
 * A search that had the time for so many plans is past the methods alone, and beats all of them. How many it gets to in its
 * minutes depends on the machine: with fewer, what is asserted against other runs is what models that are equally good
 * differ by on these 5000 images.
 */
const MANY_PLANS = 30;
const NOISE_POINTS = 0.3;
/** The mildest strengths that fit, of the methods whose answers stay closest; each with int8 and entropy coding. */
const rivals: readonly object[] = [
  { method: 'k-means-codebook', clusters: 52 },
  { method: 'k-means-codebook', clusters: 48 },
  { method: 'int4-groups' },
  { method: 'magnitude-pruning', sparsity: 0.35 },
  { method: 'sparse-gpt', sparsity: 0.35 },
];
const scratch = scratchFolder();
const onnx = sharedData('ic-resnet8/model_fp32_bn.onnx');
const calibration = sharedData('ic-resnet8/calibration.dataset.json');
const dev = sharedData('ic-resnet8/dev.dataset.json');

interface Reached {
  readonly name: string;
  readonly size: number;
  readonly drop: number;
}

async function measuredRivals(): Promise<Reached[]> {
  const model = importModel({ onnx, name: 'resnet8' });
  const load = (path: string, limit?: number) =>
    loadSamples(path, { inputs: modelInputsOf(inputPortsOf(model.graph)), ...(limit && { limit }) });
  const samples = load(calibration, LIMIT);
  const judge = await Judge.create(model.graph, sampleSet(load(dev), model.graph));
  const fitting = withoutLabels(sampleSet(samples, model.graph));
  const judges = { probe: judge, full: judge };
  const laboratory = new Laboratory({ model, name: 'resnet8', seed: 0, samples, fitting, judges, metersProbes: false });
  const reached: Reached[] = [];
  for (const step of rivals) {
    const recipe = stringify({ steps: [step], statistics: { patches: PATCHES }, quantize: { encoding: 'bytes', compact: true } });
    const { measured } = await laboratory.run(recipe, 'full');
    reached.push({ name: JSON.stringify(step), size: measured.costs.size as number, drop: measured.drop });
  }
  return reached;
}

describeWithSharedData('search on ResNet-8', () => {
  test('at 60 KB it beats every single method: fewer errors, or a smaller file with as many', async () => {
    const output = scratch.path('resnet8.whittle');
    const noDevice = () => Promise.reject(new UsageError('no device is opened here'));
    const options = ['--samples', calibration, '--validate', dev, '--limit', String(LIMIT), '--max-minutes', '6', '-o', output, '--json'];
    const result = await runCli([searchVerb(noDevice)], ['search', onnx, '--goal', 'size<=60KB', ...options]);
    expect(result.exitCode, result.stderr).toBe(0);
    const document = jsonOf(result);
    const { packedBytes, drop, top1, seconds } = document;
    expect(statSync(output).size).toBe(packedBytes);
    expect(packedBytes).toBeLessThanOrEqual(BUDGET);
    console.log(`search: ${packedBytes} bytes, drop ${drop.toFixed(2)} after ${seconds.toFixed(0)} s`);
    const evaluated = jsonOf(await runCli([evaluation], ['eval', output, '--samples', dev, '--json']));
    expect(evaluated.int8).toBeCloseTo(top1, 10);

    const candidates = (document.candidates as SearchCandidate[]).map(({ single, costs, drop }) => ({
      name: single ?? '',
      size: costs.size as number,
      drop,
    }));
    const isBeaten = (other: Reached) => drop < other.drop || (drop === other.drop && packedBytes <= other.size);
    for (const candidate of candidates.filter(({ size }) => size <= BUDGET)) expect(isBeaten(candidate), candidate.name).toBe(true);
    const alone = candidates.filter(({ name }) => name);
    expect(alone.map(({ name }) => name)).toContain('k-means-codebook');
    const singles = [...alone, ...(await measuredRivals())].filter(({ size }) => size <= BUDGET);
    expect(singles.length).toBeGreaterThanOrEqual(4);
    for (const single of singles) console.log(`${single.name}: ${single.size} bytes, drop ${single.drop.toFixed(2)}`);
    const isStrict = (other: Reached) => isBeaten(other) && !(drop === other.drop && packedBytes === other.size);
    console.log(`${candidates.length} plans; beats ${singles.filter(isStrict).length} of ${singles.length}`);
    for (const single of singles) {
      if (candidates.length >= MANY_PLANS) expect(isStrict(single), single.name).toBe(true);
      else expect(drop, single.name).toBeLessThan(single.drop + NOISE_POINTS);
    }
  }, 1_800_000);
});
