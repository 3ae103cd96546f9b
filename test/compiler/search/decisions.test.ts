/** What a search may choose: from what the methods say of themselves, as recipes that are valid and in the order of the registry. */
import { expect, test } from 'vitest';
import { methodNamed, methods } from '../../../compiler/compression/index.ts';
import { parseRecipe } from '../../../compiler/compression/recipe.ts';
import { decisionsOf, optionBetween, recipeText, settingsSeries } from '../../../compiler/search/decisions.ts';
import { threeConvolutions } from './three-convolutions.ts';

const frame = { encoding: 'bytes', compact: true, patches: 512 } as const;

test('every option of every method is a valid recipe, and its name is its own', () => {
  const graph = threeConvolutions();
  const decisions = decisionsOf(graph, true);
  const options = decisions.flatMap(({ series }) => series.flatMap((list) => list.options));
  for (const option of options) expect(() => parseRecipe(recipeText(graph, [option], frame, ''), option.name)).not.toThrow();
  expect(new Set(options.map(({ name }) => name)).size).toBe(options.length);
  expect(new Set(options.map((option) => recipeText(graph, [option], frame, ''))).size).toBe(options.length);
  const used = new Set(options.flatMap(({ step }) => (step ? [step.method.name] : [])));
  for (const name of ['magnitude-pruning', 'low-rank', 'prune-filters', 'k-means-codebook', 'remove-constant-channels'])
    expect(used).toContain(name);
});

test('layers that hardly matter are left alone; methods that need samples take no part without', () => {
  const targets = decisionsOf(threeConvolutions(), true).map(({ target }) => target);
  expect(targets).toContain('conv1');
  expect(targets).not.toContain('conv2');
  const starving = decisionsOf(threeConvolutions(), false).flatMap(({ series }) => series.flatMap(({ options }) => options));
  for (const { step, rounding } of starving) {
    expect(step?.method.needs).not.toBe('samples');
    expect(rounding).toBeUndefined();
  }
});

test('steps come in the order of the registry, settings of the quantizer beside them', () => {
  const graph = threeConvolutions();
  const options = decisionsOf(graph, true)
    .filter(({ target, kind }) => target === 'conv1' && kind !== 'precision')
    .map(({ series }) => series[0]?.options[0])
    .filter((option) => option !== undefined);
  const bits = { name: '4 bits', bits: { layer: 'conv1', bits: 4 } } as const;
  const recipe = parseRecipe(recipeText(graph, [bits, ...options.reverse()], frame, ''), 'test');
  const places = recipe.steps.map(({ method }) => methods.indexOf(method));
  expect(places.length).toBeGreaterThanOrEqual(2);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(recipe.quantize?.weightBits).toEqual({ conv1: 4, 'conv1.*': 4 });
});

test('between two strengths lies another, as far as there is one', () => {
  const graph = threeConvolutions();
  const seriesOf = (target: string, name: string) => {
    const decision = decisionsOf(graph, true).find((d) => d.target === target && d.series.some((series) => series.name === name));
    return { decision, options: decision?.series.find((series) => series.name === name)?.options ?? [] };
  };
  const between = (target: string, name: string) => {
    const { decision, options } = seriesOf(target, name);
    return decision && optionBetween(decision, options[0] as never, options[1] as never);
  };
  const shared = between('conv1', 'k-means-codebook');
  expect(shared?.name).toBe('k-means-codebook 80 on conv1');
  expect(shared?.step?.settings).toEqual({ clusters: 80 });
  expect(between('conv0', 'linear-neural-reconstruction')?.step?.settings).toEqual({ target: { keep: 0.85 } });
  expect(() => parseRecipe(recipeText(graph, [shared as never], frame, ''), 'test')).not.toThrow();
  expect(between('conv1', 'weight bits')).toBeUndefined();
  const { decision, options } = seriesOf('conv1', 'k-means-codebook');
  expect(optionBetween(decision as never, options[0] as never, options[0] as never)).toBeUndefined();
});

test('settings that differ in words, or have other numbers, are series of their own, each with its name', () => {
  const pruning = methodNamed('magnitude-pruning');
  expect(pruning && settingsSeries(pruning).map((series) => new Set(series.map(({ granularity }) => granularity)).size)).toEqual([1, 1]);
  const decision = decisionsOf(threeConvolutions(), true).find(({ name }) => name === 'precision conv1');
  const names = decision?.series.map(({ name }) => name) ?? [];
  expect(names).toEqual(expect.arrayContaining(['k-means-codebook', 'k-means-codebook sweeps 0', 'int4-groups']));
  expect(new Set(names).size).toBe(names.length);
});
