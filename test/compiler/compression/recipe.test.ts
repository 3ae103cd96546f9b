/** Recipes: defaults, comments, and every mistake with its line. */
import { describe, expect, test } from 'vitest';
import { methods } from '../../../compiler/compression/index.ts';
import { optionsJsonSchema, parseRecipe, recipeJsonSchema } from '../../../compiler/compression/recipe.ts';
import { UsageError } from '../../../compiler/errors.ts';

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
