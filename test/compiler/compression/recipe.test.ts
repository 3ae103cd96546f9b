/** Recipes: defaults, comments, and every mistake with its line. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { methods } from '../../../compiler/compression/index.ts';
import { loadRecipe, optionsJsonSchema, parseRecipe, recipeJsonSchema } from '../../../compiler/compression/recipe.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { packageRoot } from '../../../compiler/root.ts';

describe('a recipe', () => {
  test('fills in defaults and takes one pattern or a list', () => {
    const recipe = parseRecipe('# half\nsteps:\n  - method: magnitude-pruning # why\n    layers: conv*\n    sparsity: 0.25\n', 'r.yaml');
    expect(recipe.steps[0]?.method.name).toBe('magnitude-pruning');
    expect(recipe.steps[0]?.layers).toEqual(['conv*']);
    expect(recipe.steps[0]?.options).toMatchObject({ sparsity: 0.25, refit: true });
    expect(recipe.quantize).toMatchObject({ keepFloat: [] });
  });

  test('may leave the model in float32', () => {
    expect(parseRecipe('steps: []\nquantize: false\n', 'r.yaml').quantize).toBeUndefined();
  });

  test('is refused with every mistake at its line', () => {
    const text = [
      'steps:',
      '  - method: magnitude-pruning',
      '    sparsity: 1.5',
      '    sparcity: 0.5',
      '  - method: magnitude-prunning',
      'quantise: false',
    ].join('\n');
    const refuse = () => parseRecipe(text, 'r.yaml');
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(/r\.yaml: is not a recipe/);
    expect(refuse).toThrow(/line 3: steps\[0\]\.sparsity: /);
    expect(refuse).toThrow(/line 4: steps\[0\]\.sparcity: there is no such option/);
    expect(refuse).toThrow(/line 5: steps\[1\]\.method: there is no such method; there are .*magnitude-pruning/);
    expect(refuse).toThrow(/line 6: quantise: there is no such option/);
  });

  test('that is not YAML says where', () => {
    expect(() => parseRecipe('steps: [', 'r.yaml')).toThrow(/r\.yaml: is not a recipe:\n.*line 1/);
  });

  test('has a JSON schema with every method', () => {
    const text = JSON.stringify(recipeJsonSchema());
    for (const { name } of methods) expect(text).toContain(`"const":"${name}"`);
  });
});

test.for(methods.map((method) => [method.name, method] as const))('%s describes itself and every option', ([, method]) => {
  expect(method.name).toMatch(/^[a-z][a-z0-9-]*$/);
  expect(method.summary.length).toBeGreaterThan(10);
  expect(method.source.length).toBeGreaterThan(5);
  const { properties = {}, required = [] } = optionsJsonSchema(method) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  for (const [option, schema] of Object.entries(properties)) expect(schema.description, option).toBeTruthy();
  // A recipe that names only the method must work: every option has a default or is optional.
  expect(required).toEqual([]);
});

describe('the recipes in examples/recipes', () => {
  const folder = join(packageRoot, 'examples', 'recipes');
  const recipes = readdirSync(folder).map((name) => loadRecipe(join(folder, name)));

  test('are recipes, and say what they are for', () => {
    expect(recipes.length).toBeGreaterThan(5);
    for (const { description, source } of recipes) expect(description, source).not.toBe('');
  });

  test('use every method', () => {
    const used = new Set(recipes.flatMap(({ steps }) => steps.map(({ method }) => method.name)));
    expect(methods.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });
});
