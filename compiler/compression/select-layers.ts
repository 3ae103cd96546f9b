/**
 * Which layers a step of a recipe means: a list of patterns.
 *
 *     conv1, block3_*       names of nodes (or of the values they compute); * stands for anything
 *     conv1.*               the layers that a factorization of conv1 left in front of it, if there are any
 *     @dense, @convolution, @depthwise, @pointwise, @spatial, @grouped
 *     @first, @last         the first and the last layer of the model; @last:3 means its last three
 *     !pattern              not these; a list of such patterns only starts from all layers
 */
import { UsageError } from '../errors.ts';
import type { Layer } from './layers.ts';

type Test = (layer: Layer, all: readonly Layer[]) => boolean;

const kinds: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['@dense', (layer) => layer.kind === 'dense'],
  ['@convolution', (layer) => layer.kind === 'convolution'],
  ['@depthwise', (layer) => layer.kind === 'depthwise'],
  ['@grouped', (layer) => layer.kind === 'grouped'],
  ['@pointwise', (layer) => layer.kind === 'convolution' && layer.taps === 1],
  ['@spatial', (layer) => layer.kind === 'convolution' && layer.taps > 1],
]);

export const layerKindPatterns: readonly string[] = [...kinds.keys(), '@first', '@last', '@last:3'];

/** What a pattern of a kind or a place asks; undefined: it is one of names. */
function testOf(pattern: string): Test | undefined {
  const [, end, count = '1'] = /^@(first|last)(?::([1-9]\d*))?$/.exec(pattern) ?? [];
  if (end === undefined) return kinds.get(pattern);
  const range = (all: readonly Layer[]) => (end === 'first' ? all.slice(0, Number(count)) : all.slice(-Number(count)));
  return (layer, all) => range(all).some(({ name }) => name === layer.name);
}

/** Whether the text fits the pattern, in which * stands for any characters. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

function matches(pattern: string, layer: Layer, all: readonly Layer[]): boolean {
  const test = testOf(pattern);
  return test ? test(layer, all) : matchesGlob(pattern, layer.name) || matchesGlob(pattern, layer.output);
}

export interface LayerSelection {
  readonly layers: readonly Layer[];
  /** Patterns that no layer of the model fits: most likely typing errors. */
  readonly unmatched: readonly string[];
}

/** The layers of `all` that the patterns select, in their order. */
export function selectLayers(patterns: readonly string[], all: readonly Layer[]): LayerSelection {
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  const isMeant = (layer: Layer) => included.length === 0 || included.some((pattern) => matches(pattern, layer, all));
  const layers = all.filter((layer) => isMeant(layer) && !excluded.some((pattern) => matches(pattern, layer, all)));
  // A kind that a model does not have is no mistake: recipes are written for many models. Nor are links that a
  // factorization which did not pay has not made.
  const isOptional = (pattern: string) => pattern === '*' || testOf(pattern) || all.some(({ name }) => pattern === `${name}.*`);
  const unmatched = [...included, ...excluded].filter(
    (pattern) => !isOptional(pattern) && !all.some((layer) => matches(pattern, layer, all)),
  );
  return { layers, unmatched };
}

/** @returns undefined when there is nothing to say */
export function namesProblem(unmatched: readonly string[], all: readonly Layer[]): string | undefined {
  if (unmatched.length === 0) return undefined;
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  return `no layer is named ${quoted(unmatched)}; the model's layers are ${quoted(all.map(({ name }) => name))}`;
}

/**
 * A choice by pattern, layer by layer: of the patterns that fit a layer the last one counts.
 * @param what is chosen, for the message
 * @throws UsageError when a pattern names no layer.
 */
export function layersByPattern<T>(all: readonly Layer[], choice: Readonly<Record<string, T>>, what: string): Map<string, T> {
  const chosen = new Map<string, T>();
  for (const [pattern, value] of Object.entries(choice)) {
    const { layers, unmatched } = selectLayers([pattern], all);
    const problem = namesProblem(unmatched, all);
    if (problem) throw new UsageError(`${what}: ${problem}`);
    for (const { name } of layers) chosen.set(name, value);
  }
  return chosen;
}
