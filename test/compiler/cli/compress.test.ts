/** `whittle compress` from the recipe to the packed file and its report. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compress } from '../../../compiler/cli/compress.ts';
import { methods } from '../../../compiler/compression/index.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { scratchFolder } from '../samples/scratch.ts';
import { jsonOf, runCli } from './run-cli.ts';
import { type TinyModel, writeTinyModel } from './tiny-model.ts';

const scratch = scratchFolder();
let tiny: TinyModel;
let recipe: string;

beforeAll(async () => {
  tiny = await writeTinyModel(scratch);
  recipe = scratch.write('half.yaml', 'steps:\n  - method: magnitude-pruning\n    layers: "*"\n    sparsity: 0.5\n');
});

const run = (...argv: string[]) => runCli([compress], ['compress', ...argv]);

describe('compress', () => {
  test('writes a packed model and says what each step did', async () => {
    const output = scratch.path('tiny.whittle');
    const report = scratch.path('report.json');
    const result = await run(tiny.onnx, '--recipe', recipe, '--samples', tiny.samples, '-o', output, '--report', report, '--json');
    expect(result.exitCode, result.stderr).toBe(0);
    const document = jsonOf(result);
    expect(readPackedModel(readFileSync(output), output).bytes.length).toBe(document.packedBytes);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual(document);
    expect(document.parameters).toBe(5 * 27 + 5 + 240 + 3);
    expect(document.nonzeroParameters).toBe(67 + 5 + 120 + 3);
    expect(document.waterfall.map(({ stage }: { stage: string }) => stage)).toEqual(['float', 'magnitude-pruning', 'quantized', 'packed']);
    expect(document.layers.map(({ layer, changes }: never) => [layer, (changes as { action: string }[])[0]?.action])).toEqual([
      ['conv', 'pruned'],
      ['scores', 'pruned'],
    ]);
    expect(document.originalTop1).toBeCloseTo(10 / 12);
    expect(document.drop).toBeTypeOf('number');
  });

  test('measures agreement where there are no labels', async () => {
    const output = scratch.path('agreement.whittle');
    const result = await run(
      tiny.onnx,
      '--recipe',
      recipe,
      '--samples',
      tiny.samples,
      '--labels-from',
      tiny.unlabelled,
      '-o',
      output,
      '--json',
    );
    const document = jsonOf(result);
    expect(document.measured.top1).toBeUndefined();
    expect(document.drop).toBeCloseTo(100 * (1 - document.measured.agreement));
  });

  test('the same call gives the same bytes, wherever the recipe lies', async () => {
    const copy = scratch.write('elsewhere/half.yaml', readFileSync(recipe));
    const files = [recipe, copy].map((_, i) => scratch.path(`same${i}.whittle`));
    for (const [i, path] of [recipe, copy].entries())
      expect((await run(tiny.onnx, '--recipe', path, '--samples', tiny.samples, '-o', files[i] as string)).exitCode).toBe(0);
    const [first, second] = files.map((file) => readFileSync(file));
    expect(Buffer.compare(first as Buffer, second as Buffer)).toBe(0);
  });

  test('lists the methods with their options', async () => {
    const document = jsonOf(await run('--list-methods', '--json'));
    expect(document.methods.map(({ name }: { name: string }) => name)).toEqual(methods.map(({ name }) => name));
    expect(document.methods[0].options.properties).toBeTypeOf('object');
    expect((await run('--list-methods')).stdout).toContain('magnitude-pruning');
  });

  test('prints the schema of recipes', async () => {
    expect(jsonOf(await run('--recipe-schema', '--json')).properties.steps).toBeTypeOf('object');
  });

  test('a gate that fails is exit code 5, and the report is printed all the same', async () => {
    const harsh = scratch.write(
      'harsh.yaml',
      'steps:\n  - method: magnitude-pruning\n    layers: "*"\n    sparsity: 1\n    refit: false\n',
    );
    const output = scratch.path('harsh.whittle');
    const result = await run(tiny.onnx, '--recipe', harsh, '--samples', tiny.samples, '-o', output, '--max-drop', '1', '--json');
    expect(result.exitCode).toBe(5);
    expect(jsonOf(result).drop).toBeGreaterThan(1);
  });

  test.for([
    ['no recipe', () => [tiny.onnx], 'compress needs --recipe'],
    [
      'a layer that does not exist',
      () => [
        tiny.onnx,
        '--recipe',
        scratch.write('wrong.yaml', 'steps:\n  - method: magnitude-pruning\n    layers: conv9\n'),
        '--samples',
        tiny.samples,
      ],
      'no layer is named "conv9"; the model\'s layers are "conv", "scores"',
    ],
    [
      'layers that no step can make, named before the first step',
      () => [
        tiny.onnx,
        '--recipe',
        scratch.write(
          'late.yaml',
          'steps:\n  - method: low-rank\n  - method: magnitude-pruning\n    layers: [conv.*, conv.a, "conv9*", "!score"]\nquantize:\n  weightBits: { dense: 4 }\n',
        ),
        '--samples',
        tiny.samples,
      ],
      'late.yaml: no layer is named "conv9*", "dense", "score"; the model\'s layers are "conv", "scores"',
    ],
    [
      'to quantize without samples',
      () => [tiny.onnx, '--recipe', scratch.write('nothing.yaml', 'steps: []\n')],
      'give --samples, or write "quantize: false" into the recipe',
    ],
    [
      'a method that starves',
      () => [tiny.onnx, '--recipe', scratch.write('starving.yaml', 'quantize: false\nsteps:\n  - method: remove-constant-channels\n')],
      'cannot work without samples',
    ],
  ] as const)('refuses %s', async ([, argv, message]) => {
    const result = await run(...argv(), '--json');
    expect(result.exitCode).toBe(2);
    expect(jsonOf(result).error.message).toContain(message);
  });
});
