/**
 * A recipe: which methods with which options on which layers, in order. A YAML file with comments:
 *
 *     description: half of the weights, refitted
 *     steps:
 *       - method: remove-constant-channels
 *       - method: magnitude-pruning
 *         layers: ["*", "!@first"]      # select-layers.ts
 *         sparsity: 0.5
 *     augment: { mirror: true, shift: 4 } # augmented-samples.ts
 *     quantize: { calibrationMethod: min-max }
 */
import { createHash } from 'node:crypto';
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { encodingGoals } from '../encoding/encode-plan.ts';
import { UsageError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { DEFAULT_PRECISION, layerPrecisions } from '../quantization/layer-precision.ts';
import { calibrationMethods, DEFAULT_CALIBRATION_METHOD } from '../quantization/range.ts';
import { DEFAULT_ROUNDING, roundingNames } from '../quantization/rounding/index.ts';
import { DEFAULT_WEIGHT_BITS, weightBitWidths } from '../quantization/weight-bits.ts';
import { type Augmentation, augmentSchema } from './augmented-samples.ts';
import { methodNamed, methods } from './index.ts';
import type { CompressionMethod } from './method.ts';
import { layerKindPatterns } from './select-layers.ts';
import { DEFAULT_STATISTICS_SAMPLES } from './statistics.ts';

export interface RecipeStep {
  readonly method: CompressionMethod;
  readonly layers: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Recipe {
  /** Path, for messages. */
  readonly source: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  readonly description: string;
  readonly steps: readonly RecipeStep[];
  readonly statistics: z.output<typeof statisticsSchema>;
  /** undefined: the steps see the samples as they are. */
  readonly augment?: Augmentation | undefined;
  /** undefined: the model stays float32. */
  readonly quantize: z.output<typeof quantizeSchema> | undefined;
}

const layersSchema = z
  .union([z.string(), z.array(z.string()).min(1)])
  .describe(`layers by name: * stands for anything, ! excludes; or by kind: ${layerKindPatterns.join(', ')}`);

const statisticsSchema = z
  .strictObject({
    samples: z.int().min(1).default(DEFAULT_STATISTICS_SAMPLES).describe('at most so many samples are read, spread evenly'),
    patches: z.int().min(1).optional().describe('about so many positions are taken per layer; default: forty per column, at least 20 000'),
  })
  .describe('how the statistics of the layers are gathered');

const weightBits = z.literal(weightBitWidths);
const precision = z.enum(layerPrecisions);

const quantizeSchema = z
  .strictObject({
    calibrationMethod: z.enum(calibrationMethods).default(DEFAULT_CALIBRATION_METHOD).describe('how the range of an activation is chosen'),
    keepFloat: z.array(z.string()).default([]).describe('nodes that stay float32'),
    weightBits: z
      .union([weightBits, z.record(z.string(), weightBits)])
      .default(DEFAULT_WEIGHT_BITS)
      .describe('bits of the int8 weights, for all layers or by pattern: { "*": 4, "@first": 8 }; the last that fits counts'),
    precision: z
      .union([precision, z.record(z.string(), precision)])
      .default(DEFAULT_PRECISION)
      .describe(
        'number format, for the whole model or by pattern: { "@first": float16, "@dense": dynamic }; the last that fits counts; dynamic, float16 and float32 for the whole model need no samples',
      ),
    encoding: z
      .enum(encodingGoals)
      .default('bytes')
      .describe('how int8 weights are stored: plain (dense), in the fewest bytes, or for the least measured time'),
    rounding: z
      .enum(roundingNames)
      .default(DEFAULT_ROUNDING)
      .describe('how weights become integers: each to the nearest, or together so that the answers stay; zeros stay zeros'),
    compact: z.boolean().default(false).describe('entropy code the file for a shorter download; hosts expand it before they run it'),
  })
  .describe('how the compressed model becomes int8');

function stepSchema(method: CompressionMethod) {
  return z
    .strictObject({
      method: z.literal(method.name),
      layers: layersSchema.default([...method.defaultLayers]),
      ...method.options.shape,
    })
    .describe(`${method.summary} (${method.source})`);
}

let built: ReturnType<typeof buildRecipeSchema> | undefined;

/** The schema of recipes; built when first asked for, since it holds every method's. */
function recipeSchema() {
  built ??= buildRecipeSchema();
  return built;
}

function buildRecipeSchema() {
  const steps = methods.map(stepSchema) as unknown as [ReturnType<typeof stepSchema>, ReturnType<typeof stepSchema>];
  return z.strictObject({
    description: z.string().default('').describe('for people'),
    steps: z.array(z.discriminatedUnion('method', steps)).describe('applied one after the other'),
    statistics: statisticsSchema.prefault({}),
    augment: augmentSchema.optional(),
    quantize: z
      .union([z.literal(false), quantizeSchema])
      .prefault({})
      .describe('false: the model stays float32'),
  });
}

/** The JSON schema of recipes, for editors that complete and check YAML. */
export function recipeJsonSchema(): unknown {
  return z.toJSONSchema(recipeSchema(), { io: 'input' });
}

/** The schema of one method's options, with defaults and descriptions. */
export function optionsJsonSchema(method: CompressionMethod): unknown {
  return z.toJSONSchema(method.options, { io: 'input' });
}

/** Where in the text the value of this path begins; of its parent where the path is missing. */
function lineOf(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === String(key)) : undefined;
    const next = isSeq(node) ? node.items[Number(key)] : pair?.value;
    if (!next) break;
    node = next;
    offset = (pair?.key as Node | undefined)?.range?.[0] ?? (next as Node).range?.[0] ?? offset;
  }
  return lines.linePos(offset).line;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** Unknown keys are reported where they stand, each by itself. */
function issueLines(issue: z.core.$ZodIssue, root: Node | null, lines: LineCounter): string[] {
  const at = (path: readonly PropertyKey[], message: string) =>
    `  line ${lineOf(root, path, lines)}: ${pathText(path) || 'recipe'}: ${message}`;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => at([...issue.path, key], 'there is no such option'));
  if (issue.code === 'invalid_union' && issue.path.at(-1) === 'method')
    return [at(issue.path, `there is no such method; there are ${methods.map(({ name }) => name).join(', ')}`)];
  return [at(issue.path, issue.message)];
}

/**
 * @param source path of the text, for messages
 * @throws UsageError with every mistake, each with its line and what is expected there.
 */
export function parseRecipe(text: string, source: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const refuse = (problems: readonly string[]): never => {
    throw new UsageError(
      `${source}: is not a recipe:\n${problems.join('\n')}\nwhittle compress --list-methods shows every method and its options`,
    );
  };
  if (document.errors.length) refuse(document.errors.map(({ message }) => `  ${message.split('\n')[0]}`));
  const parsed = recipeSchema().safeParse(document.toJS());
  if (!parsed.success) return refuse(parsed.error.issues.flatMap((issue) => issueLines(issue, document.contents, lines)));
  const { steps, quantize, ...rest } = parsed.data;
  return {
    ...rest,
    source,
    digest: createHash('sha256').update(text).digest('hex'),
    quantize: quantize || undefined,
    steps: steps.map(({ method, layers, ...options }) => ({
      method: methodNamed(method) as CompressionMethod,
      layers: typeof layers === 'string' ? [layers] : layers,
      options,
    })),
  };
}

/** @throws InputFileError when the file cannot be read; UsageError when it is no recipe. */
export function loadRecipe(path: string): Recipe {
  return parseRecipe(new TextDecoder().decode(readInputFile(path)), path);
}
