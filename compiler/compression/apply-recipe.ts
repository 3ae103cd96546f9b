/** Runs the steps of a recipe on a float graph, one after the other, and measures what each of them did. */
import { UsageError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { QuantizeOptions } from '../quantization/quantize.ts';
import { verify } from '../verify.ts';
import { augmentedSamples } from './augmented-samples.ts';
import { layerErrors } from './layer-errors.ts';
import { layersOf } from './layers.ts';
import { type Measurement, Referee } from './measure.ts';
import type { LayerOutcome, MethodContext } from './method.ts';
import { type Network, originalNetwork } from './network.ts';
import { type LayerCost, layerCosts, type NetworkCost, networkCost } from './network-cost.ts';
import type { Recipe, RecipeStep } from './recipe.ts';
import { namesProblem, selectLayers } from './select-layers.ts';
import { gatherStatistics } from './statistics.ts';
import type { SampleSet } from './values.ts';

export interface ApplyRecipeOptions {
  readonly original: Graph;
  readonly recipe: Recipe;
  /** Without labels; empty when there are none. */
  readonly samples: SampleSet;
  readonly seed?: number;
  /** Once for each step. */
  readonly onStep?: (text: string) => void;
  readonly onProgress?: (text: string) => void;
}

/** A stage of the waterfall: what the network costs, and how well it answers. */
export interface StepReport {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly outcomes: readonly LayerOutcome[];
  readonly cost: NetworkCost;
  readonly layers: readonly LayerCost[];
  /** Against the original on calibration samples; absent without samples. */
  readonly measured?: Measurement;
  readonly seconds: number;
}

export interface CompressedNetwork {
  readonly network: Network;
  readonly quantization: QuantizeOptions;
  readonly steps: readonly StepReport[];
  /** Measured error of each layer's answers in the end (layer-errors.ts); empty without samples. */
  readonly layerErrors: ReadonlyMap<string, number>;
}

/** So many samples tell after each step how far the answers have moved. */
const MEASURED_SAMPLES = 128;

function mergeQuantization(a: QuantizeOptions, b: QuantizeOptions = {}): QuantizeOptions {
  return { ...a, ...b, keepFloat: [...new Set([...(a.keepFloat ?? []), ...(b.keepFloat ?? [])])] };
}

/** The layers that the step means. @throws UsageError when a name of the recipe is none of the network's. */
function layersOfStep(graph: Graph, step: RecipeStep, source: string) {
  const all = layersOf(graph);
  const { layers, unmatched } = selectLayers(step.layers, all);
  const problem = namesProblem(unmatched, all);
  if (problem) throw new UsageError(`${source}: ${step.method.name}: ${problem}`);
  return layers;
}

/**
 * Before the first step takes its time: what no step can make a name of a layer. Links of factorizations come later.
 * @throws UsageError
 */
function checkNames(graph: Graph, { steps, quantize, source }: Recipe): void {
  const all = layersOf(graph);
  const choices = quantize ? [quantize.weightBits, quantize.precision] : [];
  const patterns = [
    ...steps.flatMap(({ layers }) => layers),
    ...choices.flatMap((choice) => (typeof choice === 'object' ? Object.keys(choice) : [])),
  ];
  const { unmatched } = selectLayers(patterns, all);
  const mayCome = (pattern: string) =>
    pattern.includes('*') ? pattern.includes('.') : all.some(({ name }) => pattern.startsWith(`${name}.`));
  const problem = namesProblem(
    [...new Set(unmatched)].filter((pattern) => !mayCome(pattern)),
    all,
  );
  if (problem) throw new UsageError(`${source}: ${problem}`);
}

/**
 * @throws UsageError when the recipe names layers that the model does not have, needs samples and there are none, or
 * augments what are no images.
 */
export async function applyRecipe({
  original,
  recipe,
  samples,
  seed = 0,
  onStep = () => {},
  onProgress = () => {},
}: ApplyRecipeOptions): Promise<CompressedNetwork> {
  const starving = recipe.steps.filter(({ method }) => method.needs === 'samples').map(({ method }) => method.name);
  if (samples.count === 0 && starving.length)
    throw new UsageError(`${recipe.source}: ${starving.join(', ')} cannot work without samples of the input: give --samples`);
  checkNames(original, recipe);
  const seen = recipe.augment ? augmentedSamples(samples, original, recipe.augment, seed) : samples;
  const referee = samples.count > 0 ? await Referee.create(original, samples, MEASURED_SAMPLES) : undefined;
  let network = originalNetwork(original);
  let quantization: QuantizeOptions = {};
  const steps: StepReport[] = [];
  for (const [index, step] of recipe.steps.entries()) {
    const start = performance.now();
    onStep(`step ${index + 1} of ${recipe.steps.length}: ${step.method.name}`);
    const result = await runStep(original, { network, quantization }, step, { recipe, samples: seen, seed, onProgress });
    ({ network, quantization } = result);
    steps.push({
      method: step.method.name,
      options: { layers: step.layers, ...step.options },
      outcomes: result.outcomes,
      cost: networkCost(network.graph),
      layers: layerCosts(network.graph),
      ...(referee && { measured: await referee.measure(network.graph) }),
      seconds: (performance.now() - start) / 1000,
    });
  }
  const errors = samples.count > 0 ? await layerErrors(original, network, samples) : new Map<string, number>();
  return { network, quantization, steps, layerErrors: errors };
}

/** What a step works on, and what it leaves. */
export interface Stage {
  readonly network: Network;
  readonly quantization: QuantizeOptions;
}

export interface StepOptions {
  readonly recipe: Pick<Recipe, 'source' | 'statistics'>;
  readonly samples: SampleSet;
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
  /** Who runs many recipes remembers what it has seen. */
  readonly gather?: typeof gatherStatistics;
}

/** Runs one step. @throws UsageError when the step names layers that the network does not have. */
export async function runStep(
  original: Graph,
  { network, quantization }: Stage,
  step: RecipeStep,
  { recipe, samples, seed, onProgress = () => {}, gather = gatherStatistics }: StepOptions,
): Promise<Stage & { readonly outcomes: readonly LayerOutcome[] }> {
  const layers = layersOfStep(network.graph, step, recipe.source);
  const { samples: sampleLimit, patches } = recipe.statistics;
  const context: MethodContext = {
    original,
    network,
    samples,
    seed,
    progress: onProgress,
    statistics: (wanted, current = network, options = {}) =>
      gather(original, current.graph, wanted, samples, {
        samples: sampleLimit,
        ...(patches !== undefined && { patches }),
        seed,
        channels: current.channels,
        ...options,
      }),
  };
  const result = await step.method.apply(context, layers, step.options);
  return {
    network: { ...result.network, graph: verify(result.network.graph, step.method.name) },
    quantization: mergeQuantization(quantization, result.quantization),
    outcomes: result.layers,
  };
}
