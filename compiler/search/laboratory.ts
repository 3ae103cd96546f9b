/**
 * Runs recipes, again and again, and measures what comes out: the same steps, quantization and packing as
 * `whittle compress`. What two recipes begin with, and the statistics of layers that see the same inputs, is computed once.
 */
import type { CompiledModel, FloatModel } from '../compile.ts';
import { runStep, type Stage } from '../compression/apply-recipe.ts';
import type { Layer } from '../compression/layers.ts';
import { originalNetwork } from '../compression/network.ts';
import { networkCost } from '../compression/network-cost.ts';
import { packCompressed } from '../compression/pack-compressed.ts';
import { parseRecipe, type Recipe, type RecipeStep } from '../compression/recipe.ts';
import { gatherStatistics, type LayerStatistics, type StatisticsOptions } from '../compression/statistics.ts';
import { signaturesOf } from '../compression/value-cache.ts';
import type { SampleSet } from '../compression/values.ts';
import type { Graph } from '../graph.ts';
import { limitSamples, type Samples } from '../samples/samples.ts';
import { Calibrations } from './calibrations.ts';
import type { Costs } from './goal.ts';
import type { Judge, Judgement } from './judge.ts';
import { Recent } from './recent.ts';

/** Measures a packed model on a device. */
export interface Meter {
  /** As --on named it. */
  readonly device: string;
  readonly unit: 'time' | 'instructions';
  /** Microseconds, or instructions, of one inference. */
  measure(packed: Uint8Array): Promise<number>;
}

export interface Measured extends Judgement {
  readonly costs: Costs;
  readonly parameters: number;
  readonly arenaBytes: number;
}

/**
 * `probe`: few samples, to compare options; `contested`: what `whittle compress` would write, on the validation samples whose
 * answers may change; `full`: on all of them.
 */
export type Fidelity = 'probe' | 'contested' | 'full';

export interface LaboratoryOptions {
  readonly model: FloatModel;
  readonly name: string;
  readonly seed: number;
  /** To fit and calibrate with. */
  readonly samples: Samples;
  /** The same, in the graph's order. */
  readonly fitting: SampleSet;
  readonly judges: Readonly<Record<Fidelity, Judge>>;
  readonly meter?: Meter;
  /** Whether probes are measured on the device, too. */
  readonly metersProbes: boolean;
}

interface Made {
  readonly stage: Stage;
  readonly compiled: CompiledModel;
}

const PROBE_CALIBRATION_SAMPLES = 32;

/** Networks and statistics that are kept: some layers' worth of recent trials. */
const KEPT_STAGES = 48;
const KEPT_STATISTICS_BYTES = 256 * 1024 * 1024;

function bytesOf({ correlation, cross }: LayerStatistics): number {
  return [...correlation, ...cross].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** Whether the targets are the original's answers, so that the layer's own weights do not matter. */
function aimsAtOriginal(original: Graph, layer: Layer, channels: StatisticsOptions['channels']): boolean {
  const extent = original.values.get(layer.output)?.type.shape.at(-1);
  return extent !== undefined && (channels?.get(layer.output)?.length ?? extent) === layer.outputs;
}

export class Laboratory {
  private readonly stages = new Recent<Stage>(KEPT_STAGES, () => 1);
  /** What was made last: it may be judged again. */
  private last: { readonly text: string; readonly made: Made } | undefined;
  private readonly statistics = new Recent<LayerStatistics>(KEPT_STATISTICS_BYTES, bytesOf);

  private readonly calibrations: Calibrations;

  constructor(private readonly options: LaboratoryOptions) {
    this.calibrations = new Calibrations(options.fitting);
  }

  /** @throws as the methods of the recipe do */
  async run(text: string, fidelity: Fidelity): Promise<{ measured: Measured; compiled: CompiledModel }> {
    const { judges, meter, metersProbes } = this.options;
    const { stage, compiled } = await this.make(text, fidelity === 'probe');
    const { parameters, nonzeroParameters, macs } = networkCost(stage.network.graph);
    const judgement = await judges[fidelity].judge(compiled.graph);
    const isMetered = meter && (fidelity !== 'probe' || metersProbes);
    return {
      compiled,
      measured: {
        ...judgement,
        costs: {
          size: compiled.bytes.length,
          parameters: nonzeroParameters,
          macs,
          ...(isMetered && { [meter.unit]: await meter.measure(compiled.bytes) }),
        },
        parameters,
        arenaBytes: compiled.report.arenaBytes,
      },
    };
  }

  private async make(text: string, isProbe: boolean): Promise<Made> {
    if (!isProbe && this.last?.text === text) return this.last.made;
    const { model, name, seed, samples } = this.options;
    const recipe = parseRecipe(text, 'search');
    const stage = await this.apply(recipe);
    const limit = isProbe ? PROBE_CALIBRATION_SAMPLES : samples.count;
    const compiled = await packCompressed({
      ...{ model, ...stage, recipe, name, seed, samples: limitSamples(samples, limit) },
      // The original is calibrated from the samples themselves, which are checked then.
      ...(recipe.steps.length > 0 && { calibration: (graph: Graph) => this.calibrations.of(graph, limit) }),
    });
    const made = { stage, compiled };
    if (!isProbe) this.last = { text, made };
    return made;
  }

  private async apply(recipe: Recipe): Promise<Stage> {
    const { model, fitting, seed } = this.options;
    let stage: Stage = { network: originalNetwork(model.graph), quantization: {} };
    let key = '';
    for (const step of recipe.steps) {
      key += stepKey(step);
      const known = this.stages.get(key);
      stage = known ?? (await runStep(model.graph, stage, step, { recipe, samples: fitting, seed, gather: this.gather }));
      if (!known) this.stages.set(key, { network: stage.network, quantization: stage.quantization });
    }
    return stage;
  }

  /** Layers of several networks that read the same values and have the same targets share their statistics. */
  private readonly gather: typeof gatherStatistics = async (original, current, layers, samples, options = {}) => {
    const signatures = signaturesOf(current);
    const { channels, ...rest } = options;
    const keyOf = (layer: Layer) => {
      const rows = channels?.get(layer.output);
      return JSON.stringify([signatures.get(layer.input), layer.output, layer.columns, rows && Array.from(rows), rest]);
    };
    const result = new Map<string, LayerStatistics>();
    const missing: Layer[] = [];
    for (const layer of layers) {
      const known = aimsAtOriginal(original, layer, channels) ? this.statistics.get(keyOf(layer)) : undefined;
      if (known) result.set(layer.name, known);
      else missing.push(layer);
    }
    if (missing.length === 0) return result;
    const gathered = await gatherStatistics(original, current, missing, samples, options);
    for (const layer of missing) {
      const found = gathered.get(layer.name) as LayerStatistics;
      result.set(layer.name, found);
      if (aimsAtOriginal(original, layer, channels)) this.statistics.set(keyOf(layer), found);
    }
    return result;
  };
}

function stepKey({ method, layers, options }: RecipeStep): string {
  return `${JSON.stringify([method.name, layers, options])}\n`;
}
