import { expect, test } from 'vitest';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { matchesGlob, selectLayers } from '../../../compiler/compression/select-layers.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';

const layers = layersOf(
  buildGraph({ x: [1, 5, 5, 4] }, (g) => {
    const a = addConv(g, 'x', 'block1.conv', 6, { kernel: [3, 3] });
    const b = addConv(g, a, 'block1.depthwise', 6, { groups: 6 });
    return [addConv(g, addConv(g, b, 'block2.conv', 3), 'head', 2)];
  }),
);
const names = (patterns: readonly string[]) => selectLayers(patterns, layers).layers.map(({ name }) => name);

test('by name, by kind, by place, and not', () => {
  expect(names(['*'])).toEqual(['block1.conv', 'block1.depthwise', 'block2.conv', 'head']);
  expect(names(['block1.*'])).toEqual(['block1.conv', 'block1.depthwise']);
  expect(names(['@pointwise', '!@last'])).toEqual(['block2.conv']);
  expect(names(['!@first', '!@depthwise'])).toEqual(['block2.conv', 'head']);
  expect(names(['@spatial', '@depthwise'])).toEqual(['block1.conv', 'block1.depthwise']);
  expect(names(['@last:2'])).toEqual(['block2.conv', 'head']);
  expect(names(['@first:3', '!@first:1'])).toEqual(['block1.depthwise', 'block2.conv']);
  expect(names(['@last:9'])).toHaveLength(4);
});

test('names that no layer has are told; kinds that a model does not have are no mistake', () => {
  expect(selectLayers(['block9.*', '@dense', '!tail', '@last:0', 'toString'], layers).unmatched).toEqual([
    'block9.*',
    '@last:0',
    'toString',
    'tail',
  ]);
});

test('a dot is a dot', () => {
  expect(matchesGlob('a.b*', 'a.bc')).toBe(true);
  expect(matchesGlob('a.b*', 'axbc')).toBe(false);
});
