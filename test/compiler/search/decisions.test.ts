/** What a search may choose: from what the methods say of themselves, as recipes that are valid and in the order of the registry. */
import { expect, test } from 'vitest';
import { methodNamed, methods } from '../../../compiler/compression/index.ts';
import { parseRecipe } from '../../../compiler/compression/recipe.ts';
import { tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { decisionsOf, recipeText, settingsSeries } from '../../../compiler/search/decisions.ts';
import { randomTensor } from '../ops/op-case.ts';

const frame = { encoding: 'bytes', compact: true, patches: 512 } as const;

/** Three convolutions in a row; the last is tiny. */
function network() {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 8, 8, 4] });
  let x = 'x';
  [
    [4, 32],
    [32, 32],
    [32, 1],
  ].forEach(([inputs, outputs], i) => {
    const weights = builder.addConstant(randomTensor([outputs as number, i < 2 ? 3 : 1, i < 2 ? 3 : 1, inputs as number], i));
    const bias = builder.addConstant(tensor('float32', [outputs as number], new Array(outputs).fill(0.1)));
    const pad: [number, number] = i < 2 ? [1, 1] : [0, 0];
    const attributes = { kernel: i < 2 ? [3, 3] : [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: pad, padAfter: pad, groups: 1 };
    x = builder.addOne(Conv2d, [x, weights, bias], { ...attributes, clamp: [0, Infinity] } as never, {
      output: `conv${i}`,
      name: `conv${i}`,
    });
  });
  return builder.build('three', [{ name: 'x', value: 'x' }], [{ name: 'y', value: x }]);
}

test('every option of every method is a valid recipe, and its name is its own', () => {
  const graph = network();
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
  const targets = decisionsOf(network(), true).map(({ target }) => target);
  expect(targets).toContain('conv1');
  expect(targets).not.toContain('conv2');
  const starving = decisionsOf(network(), false).flatMap(({ series }) => series.flatMap(({ options }) => options));
  for (const { step, rounding } of starving) {
    expect(step?.method.needs).not.toBe('samples');
    expect(rounding).toBeUndefined();
  }
});

test('steps come in the order of the registry, settings of the quantizer beside them', () => {
  const graph = network();
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

test('settings that differ in words are series of their own', () => {
  const pruning = methodNamed('magnitude-pruning');
  expect(pruning && settingsSeries(pruning).map((series) => new Set(series.map(({ granularity }) => granularity)).size)).toEqual([1, 1]);
});
