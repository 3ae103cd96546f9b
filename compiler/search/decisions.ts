/**
 * What a search can choose, from the registry of methods and the widths of weights: by data, so that a new method takes
 * part by saying so (`search` in compression/method.ts).
 *
 * A *decision* has a target (a layer, a group of tied channels, the network) and a kind; its options exclude each other.
 * A plan takes at most one option of each decision. Its steps follow the order of the registry, which is that of
 * methods.md 19: clean, narrow, factorize, sparsify; then the model is quantized.
 */
import { stringify } from 'yaml';
import { channelGroups, traceChannels } from '../compression/channels.ts';
import { methods } from '../compression/index.ts';
import { type Layer, layersOf, macsOfLayer, parametersOfLayer } from '../compression/layers.ts';
import type { CompressionMethod } from '../compression/method.ts';
import { selectLayers } from '../compression/select-layers.ts';
import type { Graph } from '../graph.ts';
import { DEFAULT_WEIGHT_BITS, type WeightBits, weightBitWidths } from '../quantization/weight-bits.ts';

export interface Option {
  /** Unique and stable: for messages and the state file. */
  readonly name: string;
  /** A step of a recipe; `bits` is a setting of its quantization instead. */
  readonly step?: { readonly method: CompressionMethod; readonly layers: readonly string[]; readonly settings: object };
  readonly bits?: { readonly layer: string; readonly bits: WeightBits };
}

/** Settings of one method from mild to strong: whether it is any good is seen in the middle. */
export interface Series {
  readonly method: string;
  readonly options: readonly Option[];
}

export interface Decision {
  /** `zeros conv2d_1` */
  readonly name: string;
  /** `conv2d_1` */
  readonly target: string;
  readonly series: readonly Series[];
}

/** A layer with a smaller share of all parameters and of all MACs is left as it is. */
const LEAST_SHARE = 0.01;

function settingsText(settings: object): string {
  return Object.values(settings).join(' ');
}

type Settings = Readonly<Record<string, unknown>>;

/** What a method offers, in lists of settings that differ in numbers only: each from mild to strong. */
export function settingsSeries({ search }: CompressionMethod): Settings[][] {
  const series = new Map<string, Settings[]>();
  for (const settings of search?.settings ?? []) {
    const words = Object.entries(settings).filter(([, value]) => typeof value !== 'number');
    const key = JSON.stringify(words);
    series.set(key, [...(series.get(key) ?? []), settings]);
  }
  return [...series.values()];
}

/** Layers that matter, by name. */
function largeLayers(layers: readonly Layer[]): Set<string> {
  const parameters = layers.reduce((sum, layer) => sum + parametersOfLayer(layer), 0);
  const macs = layers.reduce((sum, layer) => sum + macsOfLayer(layer), 0);
  const isLarge = (layer: Layer) => parametersOfLayer(layer) >= LEAST_SHARE * parameters || macsOfLayer(layer) >= LEAST_SHARE * macs;
  return new Set(layers.filter(isLarge).map(({ name }) => name));
}

/** A list of layer names for each target of the method. */
function targetsOf(graph: Graph, method: CompressionMethod, large: ReadonlySet<string>): { name: string; layers: readonly string[] }[] {
  const { layers } = selectLayers(method.defaultLayers, layersOf(graph));
  if (method.search?.target === 'network') return [{ name: 'network', layers: method.defaultLayers }];
  const names = new Set(layers.map(({ name }) => name));
  if (method.search?.target === 'channels') {
    return channelGroups(graph, traceChannels(graph))
      .filter(({ producers, units }) => units.length > 1 && producers.every(({ name }) => names.has(name)))
      .filter(({ producers, consumers }) => [...producers, ...consumers].some(({ name }) => large.has(name)))
      .map(({ producers }) => ({ name: producers.map(({ name }) => name).join('+'), layers: producers.map(({ name }) => name) }));
  }
  const all = layersOf(graph);
  return layers
    .filter(({ name }) => large.has(name))
    .map(({ name }) => {
      // What a factorization leaves in front of a layer is a part of it, unless the model itself has such names.
      const hasOwnNames = all.some((other) => other.name.startsWith(`${name}.`));
      return { name, layers: method.search?.kind === 'factors' || hasOwnNames ? [name] : [name, `${name}.*`] };
    });
}

/** @param hasSamples methods that need samples take no part without */
export function decisionsOf(graph: Graph, hasSamples: boolean): Decision[] {
  const large = largeLayers(layersOf(graph));
  const decisions = new Map<string, Series[]>();
  const add = (name: string, series: Series) => decisions.set(name, [...(decisions.get(name) ?? []), series]);
  for (const method of methods) {
    if (!method.search || (method.needs === 'samples' && !hasSamples)) continue;
    for (const target of targetsOf(graph, method, large)) {
      for (const series of settingsSeries(method)) {
        const options = series.map((settings) => ({
          name: `${[method.name, settingsText(settings)].join(' ').trim()} on ${target.name}`,
          step: { method, layers: target.layers, settings },
        }));
        add(`${method.search.kind} ${target.name}`, { method: method.name, options });
      }
    }
  }
  for (const { name } of layersOf(graph)) {
    if (!large.has(name)) continue;
    const widths = weightBitWidths.filter((bits) => bits < DEFAULT_WEIGHT_BITS).sort((a, b) => b - a);
    const options = widths.map((bits) => ({ name: `${bits} bits on ${name}`, bits: { layer: name, bits } }));
    add(`precision ${name}`, { method: 'weight-bits', options });
  }
  return [...decisions].map(([name, series]) => ({ name, target: name.slice(name.indexOf(' ') + 1), series }));
}

/** What is the same in every recipe of a search. */
export interface RecipeFrame {
  readonly encoding: 'bytes' | 'time';
  readonly compact: boolean;
  /** Positions that the statistics of a layer see. */
  readonly patches: number;
}

/** The recipe that applies these options, in the order of the registry, then of the layers. */
export function recipeText(
  graph: Graph,
  options: readonly Option[],
  { encoding, compact, patches }: RecipeFrame,
  description: string,
): string {
  const place = new Map(layersOf(graph).map(({ name }, index) => [name, index]));
  const steps = options
    .flatMap(({ step }) => (step ? [step] : []))
    .map((step) => ({ step, rank: [methods.indexOf(step.method), place.get(step.layers[0] as string) ?? -1] as const }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
    .map(({ step: { method, layers, settings } }) => ({ method: method.name, layers, ...settings }));
  const bits = options.flatMap(({ bits: choice }) =>
    choice ? [[choice.layer, choice.bits] as const, ...linksOf(graph, choice.layer).map((name) => [name, choice.bits] as const)] : [],
  );
  return stringify({
    description,
    steps,
    statistics: { patches },
    quantize: { encoding, compact, ...(bits.length && { weightBits: Object.fromEntries(bits) }) },
  });
}

/** The pattern of what a factorization may leave in front of a layer. */
function linksOf(graph: Graph, name: string): string[] {
  return layersOf(graph).some((other) => other.name.startsWith(`${name}.`)) ? [] : [`${name}.*`];
}
