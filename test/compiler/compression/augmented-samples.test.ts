/** Variants of images, and where recipes ask for them. */
import { describe, expect, test } from 'vitest';
import { applyRecipe } from '../../../compiler/compression/apply-recipe.ts';
import { augmentedSamples } from '../../../compiler/compression/augmented-samples.ts';
import { parseRecipe } from '../../../compiler/compression/recipe.ts';
import type { SampleSet } from '../../../compiler/compression/values.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { randomSamples } from './network-case.ts';

/** Two rows of three pixels of two channels: pixel p holds (p, 10 + p). */
const pixels = (...order: number[]) => Float32Array.from(order.flatMap((p) => [p, 10 + p]));
const image = pixels(0, 1, 2, 3, 4, 5);
const mirrored = pixels(2, 1, 0, 5, 4, 3);
const graph = buildGraph({ x: [1, 2, 3, 2] }, (g) => [addConv(g, 'x', 'only', 4)]);
const one: SampleSet = { count: 1, at: () => [image] };
const read = ({ count, at }: SampleSet) => Array.from({ length: count }, (_, i) => [...(at(i)[0] as Float32Array)]);

describe('variants', () => {
  test('stand behind the sample that they are of', () => {
    const samples = randomSamples(graph, 3);
    const more = augmentedSamples(samples, graph, { copies: 4, mirror: true, shift: 1 }, 1);
    expect(more.count).toBe(12);
    for (let i = 0; i < 3; i++) expect(more.at(4 * i)).toBe(samples.at(i));
    for (let i = 0; i < 12; i++) {
      const from = samples.at(Math.floor(i / 4))[0] as Float32Array;
      for (const value of more.at(i)[0] as Float32Array) expect(from).toContain(value);
    }
  });

  test('are mirrored, half of them', () => {
    const seen = read(augmentedSamples(one, graph, { copies: 200, mirror: true, shift: 0 }, 1));
    const count = (wanted: Float32Array) => seen.filter((own) => String(own) === String([...wanted])).length;
    expect(count(image) + count(mirrored)).toBe(200);
    // Within 4 standard deviations of a fair coin.
    expect(Math.abs(count(mirrored) - 100)).toBeLessThan(28);
  });

  test('are shifted by every step up to the limit, the edge repeated', () => {
    const seen = new Set(read(augmentedSamples(one, graph, { copies: 200, mirror: false, shift: 1 }, 1)).map(String));
    const rows = [
      [0, 0],
      [0, 1],
      [1, 1],
    ];
    const columns = [
      [0, 0, 1],
      [0, 1, 2],
      [1, 2, 2],
    ];
    const wanted = rows.flatMap((from) => columns.map((across) => [...pixels(...from.flatMap((row) => across.map((x) => 3 * row + x)))]));
    expect([...seen].sort()).toEqual(wanted.map(String).sort());
  });

  test('are the same for the same seed, in any order', () => {
    const make = (seed: number) => augmentedSamples(one, graph, { copies: 20, mirror: true, shift: 1 }, seed);
    const backwards = make(1);
    const again = Array.from({ length: 20 }, (_, i) => [...(backwards.at(19 - i)[0] as Float32Array)]).reverse();
    expect(again).toEqual(read(make(1)));
    expect(read(make(2))).not.toEqual(read(make(1)));
  });

  test('of what is no image are refused', () => {
    const flat = buildGraph({ features: [1, 1, 1, 12] }, (g) => [addConv(g, 'features', 'only', 4)]);
    const refuse = () => augmentedSamples(one, flat, { copies: 2, mirror: true, shift: 0 }, 0);
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(/augment: input "features" of shape \[1, 1, 1, 12\] is no image/);
  });
});

describe('a recipe', () => {
  const text = 'steps: [{ method: refit-layers }]\nquantize: false\n';

  test('asks for them by name, and has none otherwise', () => {
    expect(parseRecipe(text, 'r.yaml').augment).toBeUndefined();
    expect(parseRecipe(`augment: { shift: 2 }\n${text}`, 'r.yaml').augment).toEqual({ copies: 8, mirror: true, shift: 2 });
    expect(() => parseRecipe(`augment: { copies: 1, flip: true }\n${text}`, 'r.yaml')).toThrow(
      /augment\.copies: .*\n.*augment\.flip: there is no such option/,
    );
  });

  test('shows them to the steps and measures on the samples themselves', async () => {
    const samples = randomSamples(graph, 30);
    let reads = 0;
    const counted: SampleSet = {
      count: 30,
      at(index) {
        reads++;
        return samples.at(index);
      },
    };
    const recipe = parseRecipe(`statistics: { samples: 240 }\naugment: {}\n${text}`, 'r.yaml');
    const { steps } = await applyRecipe({ original: graph, recipe, samples: counted });
    expect(steps[0]?.measured?.samples).toBe(30);
    // Without variants, 240 are the 30 that there are.
    expect(reads).toBeGreaterThanOrEqual(240);
  });
});
