/**
 * What a search can choose, from the registry of methods, the widths of weights, the roundings and the ranges: by data, so
 * that a new method takes part by saying so (`search` in compression/method.ts).
 *
 * A *decision* has a target (a layer, a group of tied channels, the network) and a kind; its options exclude each other.
 * A plan takes at most one option of each decision. Its steps follow the order of the registry, which is that of
 * methods.md 19: clean, narrow, factorize, sparsify; then the model is quantized.
 */
import { stringify } from 'yaml';
import { channelGroups, traceChannels } from '../compression/channels.ts';
import { methods } from '../compression/index.ts';
import { type Layer, layersOf, macsOfLayer, parametersOfLayer } from '../compression/layers.ts';
import type { CompressionMethod, MethodSearch } from '../compression/method.ts';
import { selectLayers } from '../compression/select-layers.ts';
import type { Graph } from '../graph.ts';
import { type CalibrationMethod, calibrationMethods, DEFAULT_CALIBRATION_METHOD } from '../quantization/range.ts';
import { DEFAULT_ROUNDING, type RoundingName, roundingNames } from '../quantization/rounding/index.ts';
import { DEFAULT_WEIGHT_BITS, type WeightBits, weightBitWidths } from '../quantization/weight-bits.ts';

export interface Option {
  /** Unique and stable: for messages and the state file. */
  readonly name: string;
  /** A step of a recipe; the others are settings of its quantization instead. */
  readonly step?: { readonly method: CompressionMethod; readonly layers: readonly string[]; readonly settings: object };
  readonly bits?: { readonly layer: string; readonly bits: WeightBits };
  readonly rounding?: RoundingName;
  /** How the ranges of the activations are chosen. */
  readonly ranges?: CalibrationMethod;
}

/** Settings of one method from mild to strong: whether it is any good is seen in the middle. */
export interface Series {
  /** The method and what is the same in all settings: `magnitude-pruning block-16x4`, `k-means-codebook sweeps 0`. */
  readonly name: string;
  readonly options: readonly Option[];
}

/** Whether every layer of the network is fitted, some of them several times, for one measurement. */
export function isSlow({ options }: Series): boolean {
  const [first] = options;
  const method = first?.step?.method;
  return first?.rounding !== undefined || (method?.needs === 'samples' && method.search?.target === 'network');
}

export type Kind = MethodSearch['kind'] | 'ranges';

export interface Decision {
  /** `zeros conv2d_1` */
  readonly name: string;
  readonly kind: Kind;
  /** `conv2d_1` */
  readonly target: string;
  /** Of the parameters and of the multiply-accumulates, the larger share that lies in the target. */
  readonly share: number;
  readonly series: readonly Series[];
}

/** A layer with a smaller share of all parameters and of all MACs is left as it is. */
const LEAST_SHARE = 0.005;

type Settings = Readonly<Record<string, unknown>>;

/** The values inside, those of nested options, too: `{ target: { keep: 0.5 } }` → 0.5. */
function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

/** What a method offers, in lists of settings that differ in numbers only: each from mild to strong. */
export function settingsSeries({ search }: CompressionMethod): Settings[][] {
  const series = new Map<string, Settings[]>();
  for (const settings of search?.settings ?? []) {
    const key = JSON.stringify(settings, (_, value) => (typeof value === 'number' ? 0 : value));
    series.set(key, [...(series.get(key) ?? []), settings]);
  }
  return [...series.values()];
}

/** The method, its words, and the numbers that are the same in all settings of the series. */
function seriesName(method: CompressionMethod, series: readonly Settings[]): string {
  const [first = {}] = series;
  const numbers = Object.entries(first).filter(([key, value]) => typeof value === 'number' && series.every((s) => s[key] === value));
  return [method.name, ...leaves(first).filter((value) => typeof value !== 'number'), ...numbers.flat()].join(' ');
}

function stepOption(step: NonNullable<Option['step']>, target: string): Option {
  return { name: `${[step.method.name, ...leaves(step.settings)].join(' ')} on ${target}`, step };
}

/** Of numbers, to four digits; whole where both are. */
function between(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') {
    const middle = (a + b) / 2;
    return Number.isInteger(a) && Number.isInteger(b) ? Math.round(middle) : Number(middle.toPrecision(4));
  }
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a;
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, between(value, (b as Settings)[key])]));
}

/** The strength in the middle of two of a series; undefined where there is none. */
export function optionBetween({ target }: Decision, mild: Option, strong: Option): Option | undefined {
  if (!mild.step || !strong.step) return undefined;
  const option = stepOption({ ...strong.step, settings: between(mild.step.settings, strong.step.settings) as Settings }, target);
  return option.name === mild.name || option.name === strong.name ? undefined : option;
}

/** By layer: the larger of its shares of all parameters and of all multiply-accumulates. */
function sharesOf(layers: readonly Layer[]): Map<string, number> {
  const parameters = layers.reduce((sum, layer) => sum + parametersOfLayer(layer), 0);
  const macs = layers.reduce((sum, layer) => sum + macsOfLayer(layer), 0);
  return new Map(layers.map((layer) => [layer.name, Math.max(parametersOfLayer(layer) / parameters, macsOfLayer(layer) / macs)]));
}

interface Target {
  readonly name: string;
  /** Patterns for the step. */
  readonly layers: readonly string[];
  readonly share: number;
}

/** What the method decides on. */
function targetsOf(graph: Graph, method: CompressionMethod, shares: ReadonlyMap<string, number>): Target[] {
  const shareOf = (list: readonly Layer[]) => list.reduce((sum, { name }) => sum + (shares.get(name) ?? 0), 0);
  const { layers } = selectLayers(method.defaultLayers, layersOf(graph));
  if (method.search?.target === 'network') return [{ ...network, layers: method.defaultLayers }];
  const names = new Set(layers.map(({ name }) => name));
  if (method.search?.target === 'channels') {
    return channelGroups(graph, traceChannels(graph))
      .filter(({ producers, units }) => units.length > 1 && producers.every(({ name }) => names.has(name)))
      .map(({ producers, consumers }) => {
        const makers = producers.map(({ name }) => name);
        return { name: makers.join('+'), layers: makers, share: shareOf([...producers, ...consumers]) };
      });
  }
  const all = layersOf(graph);
  return layers.map((layer) => {
    const { name } = layer;
    // What a factorization leaves in front of a layer is a part of it, unless the model itself has such names.
    const hasOwnNames = all.some((other) => other.name.startsWith(`${name}.`));
    return { name, layers: method.search?.kind === 'factors' || hasOwnNames ? [name] : [name, `${name}.*`], share: shareOf([layer]) };
  });
}

const network = { name: 'network', share: 1 };

/** @param hasSamples methods that need samples take no part without */
export function decisionsOf(graph: Graph, hasSamples: boolean): Decision[] {
  const shares = sharesOf(layersOf(graph));
  const decisions = new Map<string, Decision>();
  const add = (kind: Kind, { name: target, share }: Omit<Target, 'layers'>, series: Series) => {
    const name = `${kind} ${target}`;
    if (share >= LEAST_SHARE) decisions.set(name, { name, kind, target, share, series: [...(decisions.get(name)?.series ?? []), series] });
  };
  for (const method of methods) {
    if (!method.search || (method.needs === 'samples' && !hasSamples)) continue;
    for (const target of targetsOf(graph, method, shares)) {
      for (const series of settingsSeries(method)) {
        const options = series.map((settings) => stepOption({ method, layers: target.layers, settings }, target.name));
        add(method.search.kind, target, { name: seriesName(method, series), options });
      }
    }
  }
  for (const [name, share] of shares) {
    const widths = weightBitWidths.filter((bits) => bits < DEFAULT_WEIGHT_BITS).sort((a, b) => b - a);
    const options = widths.map((bits) => ({ name: `${bits} bits on ${name}`, bits: { layer: name, bits } }));
    add('precision', { name, share }, { name: 'weight bits', options });
  }
  // Each is a series of its own: none of them is the stronger one.
  for (const rounding of hasSamples ? roundingNames.filter((name) => name !== DEFAULT_ROUNDING) : []) {
    const name = `rounding ${rounding}`;
    add('rounding', network, { name, options: [{ name, rounding }] });
  }
  for (const ranges of hasSamples ? calibrationMethods.filter((name) => name !== DEFAULT_CALIBRATION_METHOD) : []) {
    const name = `ranges ${ranges}`;
    add('ranges', network, { name, options: [{ name, ranges }] });
  }
  return [...decisions.values()];
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
  const rounding = options.find((option) => option.rounding)?.rounding;
  const calibrationMethod = options.find((option) => option.ranges)?.ranges;
  return stringify({
    description,
    steps,
    statistics: { patches },
    quantize: {
      encoding,
      compact,
      ...(calibrationMethod && { calibrationMethod }),
      ...(rounding && { rounding }),
      ...(bits.length && { weightBits: Object.fromEntries(bits) }),
    },
  });
}

/** The pattern of what a factorization may leave in front of a layer. */
function linksOf(graph: Graph, name: string): string[] {
  return layersOf(graph).some((other) => other.name.startsWith(`${name}.`)) ? [] : [`${name}.*`];
}
