/** The one JSON document of a measurement, for every device from a board to a phone: units in the names, every raw sample kept. */
import { z } from 'zod';
import { BENCH_SCHEMA_VERSION } from './schema-version.ts';

const us = z.number().nonnegative();
const byteCount = z.int().nonnegative();

const conditions = z.strictObject({
  visible: z.boolean().optional().describe('the page is in the foreground'),
  hiddenCount: z.int().optional().describe('how often the page was hidden so far'),
  wakeLock: z.boolean().optional().describe('the screen stays on'),
  cpuBusySeconds: z.number().optional().describe('work of all cores together so far, for anybody'),
  cpuCores: z.int().optional(),
  thermalStatus: z.int().optional().describe("Android's THERMAL_STATUS, 0 none to 6 shutdown"),
  temperatureCelsius: z.number().optional().describe('of the battery'),
  batteryPercent: z.number().optional(),
  charging: z.boolean().optional(),
  powerSaving: z.boolean().optional(),
});

const warning = z.strictObject({
  code: z.string(),
  message: z.string(),
  affects: z
    .array(z.enum(['latency', 'load']))
    .readonly()
    .describe('the numbers that mean nothing because of it'),
});

const layerProfile = z.strictObject({
  name: z.string(),
  op: z.string().describe('opcode of its kernel'),
  us,
  share: z.number().describe('of the sum of all layers'),
  macs: z.number(),
  macsPerSecond: z.number(),
  rooflineShare: z.number().optional().describe('of the rate that the engine could reach'),
  bytes: byteCount.describe('of its operands'),
});

const roofline = z
  .strictObject({ dot: z.number(), depthwise: z.number(), float32: z.number() })
  .describe('multiply-accumulates per second');

const layerCount = layerProfile
  .omit({ us: true, macsPerSecond: true, rooflineShare: true })
  .extend({ instructions: z.int().nonnegative() });

/** What every measurement says of model, device and memory. */
const facts = {
  schemaVersion: z.literal(BENCH_SCHEMA_VERSION),
  whittle: z.string().describe('version that measured'),
  measuredAt: z.iso.datetime(),
  model: z.string().describe("the packed model's name"),
  modelCrc32: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .describe('of the packed file'),
  device: z.string().describe('as on the command line'),
  environment: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .readonly()
    .describe('facts about the device: engine, isolation, board, CPU …'),

  modelBytes: byteCount,
  arenaBytes: byteCount,
  variant: z.string().describe('instruction set that ran: scalar, simd …'),
  codeBytes: byteCount.describe('WASM module, or .text on a board'),
  /** Where there are several. */
  threads: z.int().min(2).optional(),
  codeGzipBytes: byteCount.optional(),
  textBytes: byteCount.optional().describe("code and constants of the model's kernels on a board"),
  imageBytes: byteCount.optional().describe("the model as it lies in a board's flash"),
  flashBytes: byteCount.optional().describe('both'),
  ramBytes: byteCount.optional().describe('arena and workspace'),
  workspaceBytes: byteCount.optional(),
  arenaHighWaterBytes: byteCount.optional().describe('what the device saw used of arena and workspace'),
  stackHighWaterBytes: byteCount.optional(),

  outputCrc32: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .describe("of the outputs for the synthetic input: equal to the host's"),
};

export const benchReportSchema = z
  .strictObject({
    ...facts,

    fetchUs: us.optional().describe('download to the device'),
    compileUs: us.optional().describe("the WASM engine's compilation, a part of loadUs"),
    loadUs: us.describe('from bytes in memory to ready'),
    firstUs: us.describe('the first inference'),

    medianUs: us.describe('of one inference'),
    confidenceUs: z.tuple([us, us]).readonly().describe('95 % bootstrap interval of the median'),
    minUs: us,
    p90Us: us,
    p99Us: us,
    madUs: us.describe('median absolute deviation from the median'),
    driftPercent: z.number().describe('Theil-Sen slope over the whole run, in percent of the median'),
    samples: z.int().positive(),
    runsPerSample: z.int().positive(),
    warmUpRuns: z.int().nonnegative(),
    warm: z.boolean().describe('the last three warm-up batches agreed within 2 %'),
    clock: z.string(),
    clockStepUs: us,
    clockCounts: z.enum(['time', 'instructions']),
    raw: z.array(us).readonly().describe('microseconds per inference of every sample, in the order of time'),
    ticks: z.int().optional().describe("of the median, on a board's clock"),
    ticksPerSecond: z.number().optional(),
    wallSeconds: z.number(),
    conditions: z.strictObject({ before: conditions, after: conditions }),

    perLayer: z.array(layerProfile).readonly().optional(),
    roofline: roofline.readonly().optional(),

    warnings: z.array(warning).readonly(),
    meaningful: z.boolean().describe('no warning affects the latency'),
  })
  .readonly();

export type BenchReport = z.infer<typeof benchReportSchema>;

/** Models on devices that were measured in turns. */
export const comparisonReportSchema = z
  .strictObject({
    schemaVersion: z.literal(BENCH_SCHEMA_VERSION),
    runs: z
      .array(
        z.strictObject({
          name: z.string().describe('what tells it apart: the file, the device'),
          report: benchReportSchema,
          ratio: z.number().positive().optional().describe('of its time to that of the first run: median over the rounds'),
          confidence: z.tuple([us, us]).readonly().optional().describe('95 % bootstrap interval of the ratio'),
        }),
      )
      .min(2)
      .readonly(),
  })
  .readonly();

export type ComparisonReport = z.infer<typeof comparisonReportSchema>;

/** A measurement on an emulator that counts instructions: there is no time in it. */
export const countReportSchema = z
  .strictObject({
    ...facts,
    clock: z.string(),
    clockCounts: z.literal('instructions'),
    ticksPerSecond: z.number(),
    ticks: z.int().describe('of one inference'),
    instructions: z.int().describe('of one inference'),
    spreadTicks: z.int().describe('largest difference between the samples'),
    samples: z.int().positive(),
    perLayer: z.array(layerCount).readonly(),
  })
  .readonly();

export type CountReport = z.infer<typeof countReportSchema>;
