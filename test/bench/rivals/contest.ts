/** ResNet-8 by one method alone, as strong as a size asks for and no stronger: its bytes, and its drop on the dev set. */
import { stringify } from 'yaml';
import { importModel } from '../../../compiler/compile.ts';
import { layersOf, parametersOfLayer } from '../../../compiler/compression/layers.ts';
import { sampleSet, withoutLabels } from '../../../compiler/compression/sample-set.ts';
import { inputPortsOf, modelInputsOf } from '../../../compiler/samples/layout.ts';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { Judge } from '../../../compiler/search/judge.ts';
import { Laboratory } from '../../../compiler/search/laboratory.ts';
import { sharedData } from '../../shared-data.ts';
import type { Family, Setting } from './families.ts';

export const contestData = {
  onnx: 'ic-resnet8/model_fp32_bn.onnx',
  calibration: 'ic-resnet8/calibration.dataset.json',
  dev: 'ic-resnet8/dev.dataset.json',
};

/** Samples to fit and calibrate with, and positions that statistics see: those of `whittle search`. */
export const CONTEST_SAMPLES = 256;
const PATCHES = 8192;

/** A model of this share of the budget is the largest that fits: its next strength saves less than is told apart. */
const CLOSE = 0.995;
/** Enough for a share in steps of a hundredth. */
const TRIES = 7;

export interface Rival {
  readonly name: string;
  /** What the setting changes in a recipe. */
  readonly setting: Setting;
  readonly size: number;
  /** Percentage points of top-1 on the dev set; absent: it does not come down to the budget. */
  readonly drop?: number;
}

export class Contest {
  private constructor(
    private readonly laboratory: Laboratory,
    private readonly judge: Judge,
    private readonly layers: readonly string[],
  ) {}

  static async open(): Promise<Contest> {
    const model = importModel({ onnx: sharedData(contestData.onnx), name: 'resnet8' });
    const { graph } = model;
    const load = (name: string, limit?: number) =>
      loadSamples(sharedData(name), { inputs: modelInputsOf(inputPortsOf(graph)), ...(limit && { limit }) });
    const samples = load(contestData.calibration, CONTEST_SAMPLES);
    const dev = sampleSet(load(contestData.dev), graph);
    // The size is the same whatever the model answers.
    const hasty = await Judge.create(graph, dev, 1);
    const fitting = withoutLabels(sampleSet(samples, graph));
    const judges = { probe: hasty, contested: hasty, full: hasty };
    const laboratory = new Laboratory({ model, name: 'resnet8', seed: 0, samples, fitting, judges, metersProbes: false });
    const layers = layersOf(graph).sort((a, b) => parametersOfLayer(b) - parametersOfLayer(a));
    return new Contest(
      laboratory,
      await Judge.create(graph, dev),
      layers.map(({ name }) => name),
    );
  }

  private make({ step, quantize }: Setting) {
    const steps = step ? [step] : [];
    const recipe = { steps, statistics: { patches: PATCHES }, quantize: { encoding: 'bytes', compact: true, ...quantize } };
    return this.laboratory.run(stringify(recipe), 'full');
  }

  /** One setting as it is. */
  async measure(name: string, setting: Setting): Promise<Rival> {
    const { compiled } = await this.make(setting);
    const { drop } = await this.judge.judge(compiled.graph);
    return { name, setting, size: compiled.bytes.length, drop };
  }

  /** The mildest strength of a family whose file has at most `budget` bytes. */
  async strongest({ name, range, isWhole, setting }: Family, budget: number): Promise<Rival> {
    const sizes = new Map<number, number>();
    const sizeAt = async (value: number) => {
      const size = sizes.get(value) ?? (await this.make(setting(value, this.layers))).compiled.bytes.length;
      sizes.set(value, size);
      return size;
    };
    const [mild, strong] = range;
    let [low, high] = [mild, Number.isFinite(strong) ? strong : this.layers.length];
    if ((await sizeAt(high)) > budget) {
      const [value, size] = [...sizes].sort((a, b) => a[1] - b[1])[0] as [number, number];
      return { name, setting: setting(value, this.layers), size };
    }
    if ((await sizeAt(low)) <= budget) high = low;
    for (let i = 0; i < TRIES && high !== low && (await sizeAt(high)) < CLOSE * budget; i++) {
      const middle = (low + high) / 2;
      const value = isWhole ? Math.round(middle) : middle;
      if (value === low || value === high) break;
      if ((await sizeAt(value)) <= budget) high = value;
      else low = value;
    }
    return this.measure(name, setting(high, this.layers));
  }
}
