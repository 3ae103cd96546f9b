/** Documents as the verbs print them, with names that would break a page that forgets to escape. */
import type { CompileDocument, CompressDocument, EvalDocument } from '../../../devices/report/documents.ts';
import type { BenchReport, ComparisonReport } from '../../../devices/report-schema.ts';

export const compiled: CompileDocument = {
  model: 'model.onnx',
  sourceBytes: 400_000,
  parameters: 90_123,
  constantBytes: 91_000,
  packedBytes: 93_456,
  arenaBytes: 4096,
  arena: [
    { tensors: ['image'], offset: 0, bytes: 1024, firstStep: -1, lastStep: 0 },
    { tensors: ['conv', 'relu <1>'], offset: 1024, bytes: 3072, firstStep: 0, lastStep: 1 },
    { tensors: ['output'], offset: 0, bytes: 10, firstStep: 1, lastStep: 2 },
  ],
  layers: [
    {
      node: 'conv "a" & <b>',
      operator: 'Conv2d',
      dtype: 'int8',
      outputShape: [1, 8, 8, 48],
      macs: 123_456,
      constantBytes: 90_000,
      sqnr: 35.25,
      cosine: 0.9995,
    },
    {
      node: 'norm',
      operator: 'LayerNormalization',
      dtype: 'float32',
      reason: 'no int8 kernel',
      outputShape: [1, 10],
      macs: 0,
      constantBytes: 80,
    },
  ],
};

export function bench(device: string, medianUs: number): BenchReport {
  return {
    schemaVersion: 1,
    whittle: '0.1.0',
    measuredAt: '2026-11-21T08:00:00.000Z',
    model: 'model',
    modelCrc32: '0badcafe',
    device,
    variant: 'simd',
    environment: {},
    loadUs: 1234.5,
    firstUs: 999.25,
    codeBytes: 12_345,
    codeGzipBytes: 5432,
    modelBytes: 93_456,
    arenaBytes: 4096,
    medianUs,
    minUs: medianUs * 0.9,
    p90Us: medianUs * 1.2,
    p99Us: medianUs * 1.5,
    madUs: medianUs * 0.01,
    samples: 30,
    runsPerSample: 10,
    clock: 'performance.now',
    confidenceUs: [medianUs * 0.98, medianUs * 1.03],
    driftPercent: 0.5,
    warmUpRuns: 100,
    clockStepUs: 5,
    clockCounts: 'time',
    warm: device !== 'phone',
    raw: [medianUs],
    wallSeconds: 2,
    conditions: { before: {}, after: {} },
    outputCrc32: '0badcafe',
    warnings: device === 'phone' ? [{ code: 'unsettled', message: 'the times did not settle', affects: ['latency'] }] : [],
    meaningful: device !== 'phone',
    perLayer: [
      {
        name: 'conv "a" & <b>',
        op: 'Conv2d',
        us: medianUs * 0.75,
        share: 0.75,
        macs: 123_456,
        macsPerSecond: 1e9,
        rooflineShare: 0.5,
        bytes: 90_000,
      },
      { name: 'norm', op: 'LayerNormalization', us: medianUs * 0.25, share: 0.25, macs: 0, macsPerSecond: 0, bytes: 80 },
    ],
  };
}

export const compared: ComparisonReport = {
  schemaVersion: 1,
  runs: [
    { name: 'plain <weights>', report: bench('node', 410) },
    { name: 'fewer', report: bench('node', 300), ratio: 0.7317, confidence: [0.7215, 0.7419] },
  ],
};

export const evaluated: EvalDocument = {
  model: 'model.whittle',
  on: 'node',
  variant: 'simd',
  metric: 'top1',
  int8: 0.875,
  float: 0.88,
  agreement: 0.99,
  sqnr: 31.5,
  cosine: 0.9997,
  samples: 200,
  outputCrc32: '0badcafe',
  confusion: {
    classes: ['cat', 'dog & <wolf>'],
    int8: [
      [90, 10],
      [15, 85],
    ],
    float: [
      [91, 9],
      [15, 85],
    ],
  },
};

const judged = (top1: number) => ({ drop: 100 * (0.9 - top1), agreement: 0.97, top1, loss: 0.01, parameters: 1500, arenaBytes: 512 });

export const searched: CompressDocument = {
  model: 'model.onnx',
  goal: 'size<=2KB',
  packedBytes: 2011,
  constantBytes: 1911,
  arenaBytes: 512,
  parameters: 1500,
  nonzeroParameters: 1250,
  macs: 70_000,
  original: { bytes: 12_000, parameters: 3000, nonzeroParameters: 2990, macs: 150_000 },
  waterfall: [
    { stage: 'float', bytes: 12_000, parameters: 3000, nonzeroParameters: 2990, macs: 150_000 },
    {
      stage: 'low-rank <factors>',
      bytes: 6000,
      parameters: 1500,
      nonzeroParameters: 1250,
      macs: 70_000,
      measured: { samples: 64, agreement: 0.9375, outputError: 0.01, maxDifference: 0.5 },
    },
    {
      stage: 'packed',
      bytes: 2011,
      parameters: 1500,
      nonzeroParameters: 1250,
      macs: 70_000,
      measured: { samples: 64, agreement: 0.953125, outputError: 0.02, maxDifference: 0.75, top1: 0.890625 },
    },
  ],
  layers: [
    {
      layer: 'dense <1>',
      kind: 'dense',
      outputs: 20,
      columns: 30,
      changes: [{ method: 'low-rank', action: 'factorized', facts: { rank: 5, energy: 0.912345 }, relativeError: 0.0625 }],
      parameters: 620,
      nonzeroParameters: 610,
      macs: 600,
      original: { outputs: 40, columns: 30, parameters: 1240, macs: 1200 },
      predictedError: 0.0625,
      measuredError: 0.078125,
      bytes: 700,
      dtype: 'int8',
      encoding: { encoding: 'bitmap', candidates: [{ encoding: 'bitmap', bytes: 640 }] },
      sqnr: 33.5,
    },
  ],
  removed: [{ layer: 'gone & forgotten', changes: [{ method: 'remove-dead-channels', action: 'folded' }] }],
  candidates: [
    { ...judged(0.9), costs: { size: 4004, macs: 150_000 }, pareto: true, written: false, options: [] },
    { ...judged(0.75), costs: { size: 3003, macs: 90_000 }, pareto: false, written: false, options: ['low-rank 0.1 on dense <1>'] },
    { ...judged(0.890625), costs: { size: 2011, macs: 70_000 }, pareto: true, written: true, options: ['low-rank 0.5 on dense <1>'] },
  ],
};
