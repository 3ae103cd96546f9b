/**
 * Choosing the channels that layers read by how well those layers can be reconstructed from them: the frame of Linear
 * Neural Reconstruction and of channel pruning (methods.md 14 and 15). Channels that are tied together are one choice,
 * and all their readers have a say.
 *
 * Chaining, where C are the outputs of a layer that are still needed, Z the original inputs and Ẑ the compressed ones:
 *
 *     parallel    every layer by itself                      targets W Z         inputs Z
 *     top-down    from input to output                       targets W Z         inputs Ẑ
 *     bottom-up   from output to input                       targets Cᵀ W Z      inputs Z
 *     combined    chosen bottom-up, then fitted top-down     targets Cᵀ W Z      inputs Ẑ
 *
 * All of it works on the graph as it is, with zeros in the columns that go; channels are removed at the end.
 */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { countParameters } from '../report.ts';
import { type Choice, type Cost, choicesOf } from './channel-choices.ts';
import { type ChannelUnits, traceChannels, unitsOf } from './channels.ts';
import { keptWidth } from './choose-channels.ts';
import { relativeError } from './covariances.ts';
import { mostGroups, type Prepare, usedGroups } from './lambda-path.ts';
import { type Layer, layerNamed, layersOf, macsOfLayer, withWeights } from './layers.ts';
import type { LayerOutcome, MethodContext, MethodResult } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';
import { type Network, narrowNetwork } from './network.ts';
import { ABSENT_COLUMN, FREE_COLUMN, readerTerm } from './reader-problem.ts';
import { DEFAULT_RIDGE, refit } from './refit.ts';
import { selectInputs } from './select-inputs.ts';
import type { LayerStatistics } from './statistics.ts';

export const chainings = ['parallel', 'top-down', 'bottom-up', 'combined'] as const;

const share = z.number().gt(0).max(1);

const target = z
  .union([
    z.strictObject({ keep: share.describe('share of the channels of each group that stays') }),
    z.strictObject({ lambda: z.number().gt(0).describe('weight of the norm, where answers have the variance 1') }),
    z.strictObject({ parameters: share.describe("share of the original network's parameters that stays, by one λ for all layers") }),
    z.strictObject({ macs: share.describe("share of the original network's multiply-accumulates that stays, by one λ for all layers") }),
  ])
  .default({ keep: 0.5 })
  .describe('how much stays: keep, lambda, parameters or macs');

/** Options of every method that selects channels this way. */
export const selectionOptions = {
  target,
  chaining: z
    .enum(chainings)
    .default('combined')
    .describe('order of the layers: each by itself, from the input, from the output, or chosen from the output and fitted from the input'),
  inputs: z.boolean().default(false).describe('choose among the inputs of the model, too, where a dense layer reads them'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
};

export interface SelectionOptions extends z.output<z.ZodObject<typeof selectionOptions>> {
  /** Whether a column is weighed by the spread of its input. */
  readonly standardize: boolean;
}

/** What has been decided. */
interface Selection {
  readonly removed: Set<number>;
  /** Layer → the inputs that stay. */
  readonly inputs: Map<string, number[]>;
  /** With new weights where a strategy fits as it goes. */
  readonly graph: Graph;
}

/** λ of a network is searched here: answers have the variance 1. */
const NETWORK_LAMBDAS = [1e-4, 4] as const;

/** So many halvings (of the logarithm) find the size of a network. */
const NETWORK_BISECTIONS = 8;

class Selector {
  private readonly traced: ChannelUnits;
  private readonly choices: readonly Choice[];
  private readonly readers: readonly Layer[];

  constructor(
    private readonly context: MethodContext,
    layers: readonly Layer[],
    private readonly options: SelectionOptions,
    private readonly prepare: Prepare,
  ) {
    const { network } = context;
    this.traced = traceChannels(network.graph);
    this.choices = choicesOf(network, layers, this.traced, options.inputs);
    const names = new Set(this.choices.flatMap(({ readers }) => readers));
    this.readers = layersOf(network.graph).filter(({ name }) => names.has(name));
  }

  get isEmpty(): boolean {
    return this.choices.length === 0;
  }

  /** For each column of the layer: its group of the choice, free, or absent. */
  private columnsFor(layer: Layer, { units, groups }: Choice, { removed, inputs }: Selection): Int32Array {
    const group = new Map(units?.map((unit, i) => [unit, i]));
    const own = unitsOf(this.traced, layer.input);
    if (!units) return Int32Array.from({ length: groups }, (_, i) => i);
    const kept = inputs.get(layer.name);
    return Int32Array.from({ length: layer.columns }, (_, i) => {
      const channel = i % layer.inputs;
      const unit = own[channel] as number;
      if (removed.has(unit) || (kept && !kept.includes(channel))) return ABSENT_COLUMN;
      return group.get(unit) ?? FREE_COLUMN;
    });
  }

  /** Not 0 where a weight is kept. */
  private support(layer: Layer, { removed, inputs }: Selection): Uint8Array {
    const own = unitsOf(this.traced, layer.input);
    const kept = inputs.get(layer.name) && new Set(inputs.get(layer.name));
    const stays = Uint8Array.from(own, (unit, channel) => Number(!removed.has(unit) && (!kept || kept.has(channel))));
    return Uint8Array.from(layer.weights, (_, i) => stays[(i % layer.columns) % layer.inputs] as number);
  }

  private neededRows(layer: Layer, { removed }: Selection): number[] {
    const units = unitsOf(this.traced, layer.output);
    return [...units.keys()].filter((row) => !removed.has(units[row] as number));
  }

  /** Decides one choice and adds it to the selection. */
  private decide(
    choice: Choice,
    selection: Selection,
    statistics: ReadonlyMap<string, LayerStatistics>,
    allRows: boolean,
    lambda: number | undefined,
  ): void {
    const terms = choice.readers.map((name) => {
      const layer = layerNamed(this.context.network.graph, name) as Layer;
      const rows = allRows ? [...Array(layer.outputs).keys()] : this.neededRows(layer, selection);
      const columns = this.columnsFor(layer, choice, selection);
      return readerTerm(layer, statistics.get(name) as LayerStatistics, columns, rows, this.options.standardize);
    });
    const prepared = this.prepare({ terms, groups: choice.groups });
    const { target } = this.options;
    const used =
      lambda === undefined && 'keep' in target
        ? mostGroups(prepared, keptWidth(choice.groups, { keep: target.keep, multiple: 1 }))
        : usedGroups(prepared, lambda as number);
    if (choice.units) choice.units.forEach((unit, i) => !used[i] && selection.removed.add(unit));
    else
      selection.inputs.set(
        choice.readers[0] as string,
        [...used.keys()].filter((i) => used[i]),
      );
    this.context.progress(`${choice.name}: ${used.filter(Boolean).length} of ${choice.groups}`);
  }

  private fitted(graph: Graph, name: string, statistics: LayerStatistics, selection: Selection): Graph {
    const layer = layerNamed(graph, name) as Layer;
    const { weights, bias } = refit(layer, statistics, this.support(layer, selection), this.options.ridge);
    return withWeights(graph, layer, weights, bias);
  }

  /** @param wide statistics of all readers on the network as the step found it */
  private async select(lambdaOf: (choice: Choice) => number | undefined, wide: ReadonlyMap<string, LayerStatistics>): Promise<Selection> {
    const { chaining } = this.options;
    const { network } = this.context;
    let selection: Selection = { removed: new Set(), inputs: new Map(), graph: network.graph };
    if (chaining !== 'top-down') {
      for (const choice of [...this.choices].reverse()) this.decide(choice, selection, wide, chaining === 'parallel', lambdaOf(choice));
      return selection;
    }
    for (const choice of this.choices) {
      const current = { ...network, graph: selection.graph };
      const readers = choice.readers.map((name) => layerNamed(current.graph, name) as Layer);
      const statistics = await this.context.statistics(readers, current);
      this.decide(choice, selection, statistics, true, lambdaOf(choice));
      let { graph } = selection;
      for (const { name } of readers) graph = this.fitted(graph, name, statistics.get(name) as LayerStatistics, selection);
      selection = { ...selection, graph };
    }
    return selection;
  }

  /**
   * The least λ whose network is small enough. Without a channel whose strength is λ the error is about λ² larger: a channel
   * that costs four times as much must be worth twice the λ.
   */
  private async selectNetwork(share: number, unit: keyof Cost, wide: ReadonlyMap<string, LayerStatistics>): Promise<Selection> {
    const cost = unit === 'parameters' ? countParameters : macsOf;
    const limit = share * cost(this.context.original);
    const mean = this.choices.reduce((sum, choice) => sum + choice.cost[unit], 0) / this.choices.length;
    let [low, high] = NETWORK_LAMBDAS.map(Math.log) as [number, number];
    let best: Selection | undefined;
    for (let i = 0; i < NETWORK_BISECTIONS; i++) {
      const middle = (low + high) / 2;
      const selection = await this.select((choice) => Math.exp(middle) * Math.sqrt(choice.cost[unit] / mean), wide);
      const fits = cost(this.narrowed(selection).graph) <= limit;
      if (fits) [best, high] = [selection, middle];
      else low = middle;
    }
    if (best) return best;
    throw new UsageError(`no choice of channels leaves ${share} of the network: more of its layers must take part, or more must stay`);
  }

  async run(): Promise<{ selection: Selection; wide: ReadonlyMap<string, LayerStatistics> }> {
    const { target, chaining } = this.options;
    const { context } = this;
    const wide = chaining === 'top-down' ? new Map() : await context.statistics(this.readers, context.network);
    if ('parameters' in target) return { selection: await this.selectNetwork(target.parameters, 'parameters', wide), wide };
    if ('macs' in target) return { selection: await this.selectNetwork(target.macs, 'macs', wide), wide };
    return { selection: await this.select(() => ('lambda' in target ? target.lambda : undefined), wide), wide };
  }

  /** Fits every reader that has not been fitted on the way. */
  async fit(selection: Selection, wide: ReadonlyMap<string, LayerStatistics>): Promise<Selection> {
    const { chaining } = this.options;
    if (chaining === 'top-down') return selection;
    let { graph } = selection;
    for (const { name } of this.readers) {
      const layer = layerNamed(graph, name) as Layer;
      const current = { ...this.context.network, graph };
      const statistics = chaining === 'combined' ? await this.context.statistics([layer], current) : wide;
      graph = this.fitted(graph, name, statistics.get(name) as LayerStatistics, selection);
    }
    return { ...selection, graph };
  }

  /** Without the channels and inputs that are not used. */
  narrowed({ removed, inputs, graph }: Selection): Network {
    const network = narrowNetwork({ ...this.context.network, graph }, removed, this.traced);
    let narrow = network.graph;
    for (const [name, kept] of inputs) {
      const layer = layerNamed(narrow, name) as Layer;
      if (kept.length < layer.inputs) narrow = selectInputs(narrow, layer, kept);
    }
    return { ...network, graph: narrow };
  }
}

function macsOf(graph: Graph): number {
  return layersOf(graph).reduce((sum, layer) => sum + macsOfLayer(layer), 0);
}

/** Removes channels (and inputs) by the reconstruction of what reads them. */
export async function selectChannels(
  context: MethodContext,
  layers: readonly Layer[],
  options: SelectionOptions,
  prepare: Prepare,
): Promise<MethodResult> {
  const selector = new Selector(context, layers, options, prepare);
  if (selector.isEmpty) {
    const reason = 'none of its channels can be removed: they are outputs of the model, or an operator ties them to what is fixed';
    return { network: context.network, layers: layers.map(({ name }) => ({ layer: name, action: 'kept', reason })) };
  }
  const { selection, wide } = await selector.run();
  const network = selector.narrowed(await selector.fit(selection, wide));
  return { network, layers: await withErrors(context, network, narrowingOutcomes(context.network, network)) };
}

/** Adds to each narrower layer how far it is from what the original answered there. */
async function withErrors(context: MethodContext, network: Network, outcomes: readonly LayerOutcome[]): Promise<LayerOutcome[]> {
  const changed = new Set(outcomes.filter(({ action }) => action === 'narrowed').map(({ layer }) => layer));
  const layers = layersOf(network.graph).filter(({ name }) => changed.has(name));
  const statistics = await context.statistics(layers, network);
  const errors = new Map(
    layers.map((layer) => [layer.name, relativeError(layer, statistics.get(layer.name) as LayerStatistics, layer.weights, layer.bias)]),
  );
  return outcomes.map((outcome) => {
    const error = errors.get(outcome.layer);
    return error === undefined ? outcome : { ...outcome, relativeError: error };
  });
}
