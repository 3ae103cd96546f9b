/** The whole pipeline: ONNX → graph → passes → calibrate → quantize → plan → packed model. */
import { createHash } from 'node:crypto';
import { Referee } from './compression/measure.ts';
import type { SampleSet } from './compression/values.ts';
import { type EncodingGoal, encodePlan } from './encoding/encode-plan.ts';
import { UsageError } from './errors.ts';
import { byteLength, type Graph, valueOf } from './graph.ts';
import { importOnnx } from './onnx/import.ts';
import { decodeOnnx, loadOnnx } from './onnx/load.ts';
import { compactPacked } from './packed/compact.ts';
import { type Preprocess, packedPort } from './packed/metadata.ts';
import { writePackedModel } from './packed/write.ts';
import { defaultPasses } from './passes/index.ts';
import { runPasses } from './passes/pass.ts';
import { planExecution } from './plan/plan.ts';
import { compareGraphs } from './quantization/accuracy.ts';
import { applyPrecision } from './quantization/apply-precision.ts';
import { correctBiases } from './quantization/bias-correction.ts';
import { type Calibration, calibrate, rangesOf, type Sample } from './quantization/calibrate.ts';
import { chosenPrecisions, DEFAULT_PRECISION, floatNodes, isFloatPrecision, type PrecisionChoice } from './quantization/layer-precision.ts';
import { type QuantizedGraph, quantizeGraph } from './quantization/quantize.ts';
import { type CalibrationMethod, DEFAULT_CALIBRATION_METHOD } from './quantization/range.ts';
import type { WeightRounding } from './quantization/rounding/round-layers.ts';
import { type ModelSamples, SampleReader } from './quantization/sample-reader.ts';
import { chosenWeightBits, DEFAULT_WEIGHT_BITS, type WeightBitsChoice } from './quantization/weight-bits.ts';
import { arenaBlocks, type CompileReport, countParameters, layerReports, type WeightPrecision } from './report.ts';
import { version } from './root.ts';

/** How a float graph becomes a packed model. */
export interface PackOptions {
  readonly name: string;
  /**
   * To calibrate with: per sample one array per model input, preprocessed to what the float model takes, in the order of
   * the ONNX model's own shape (channels first for most). Read once.
   */
  readonly samples?: ModelSamples;
  readonly calibrationMethod?: CalibrationMethod;
  /** What calibration on the samples finds, where somebody knows it already. */
  readonly calibration?: (graph: Graph) => Promise<Calibration>;
  /** Node or output names that stay float32. */
  readonly keepFloat?: readonly string[];
  /** The number format of layers, for all or by pattern; default: int8. */
  readonly precision?: PrecisionChoice;
  /** Of int8 weights, for all layers or by pattern; default: 8. */
  readonly weightBits?: WeightBitsChoice;
  /** How weights become integers; default: each the nearest. */
  readonly rounding?: WeightRounding;
  readonly seed?: number;
  /** true: no quantization at all. */
  readonly float?: boolean;
  /** How int8 weights are stored; default: plain. */
  readonly encoding?: EncodingGoal;
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
  /** true: the file is entropy coded; hosts expand it before they run it (packed/expand.ts). */
  readonly compact?: boolean;
  /** Further facts of where the model comes from. */
  readonly provenance?: Readonly<Record<string, string | number>>;
  readonly onProgress?: (stage: string, done?: number) => void;
}

export interface ImportModelOptions {
  /** Path of the model, or its bytes. */
  readonly onnx: string | Uint8Array;
  readonly name: string;
  readonly inputShapes?: ReadonlyMap<string, readonly number[]>;
}

export type CompileOptions = ImportModelOptions & PackOptions;

/** A model as the passes leave it, and the file that it came from. */
export interface FloatModel {
  readonly graph: Graph;
  readonly source: Uint8Array;
}

export interface CompiledModel {
  readonly bytes: Uint8Array;
  readonly report: CompileReport;
  /** What the packed model computes, and its float original. */
  readonly graph: Graph;
  readonly floatGraph: Graph;
}

/** At most so many samples correct the biases; their int8 values are held in memory. */
const BIAS_CORRECTION_SAMPLES = 64;

/** At most so many samples, in so many bytes, tell the statistics on which weights are rounded. */
const ROUNDING_SAMPLES = 512;
const ROUNDING_SAMPLE_BYTES = 256 * 1024 * 1024;

/** So many samples measure each layer's accuracy for the report. */
const MEASURED_SAMPLES = 8;

/** @throws UnsupportedModelError, InputFileError, UsageError */
export function importModel({ onnx, name, inputShapes }: ImportModelOptions): FloatModel {
  const { model, bytes } = typeof onnx === 'string' ? loadOnnx(onnx) : { model: decodeOnnx(onnx, name), bytes: onnx };
  const imported = importOnnx(model, { name, ...(inputShapes && { inputShapes }) });
  return { graph: runPasses(imported, defaultPasses), source: bytes };
}

/**
 * Compiles a model. The same model, samples, options and seed give the same bytes.
 * @throws UnsupportedModelError, InputFileError, UsageError
 */
export async function compileModel(options: CompileOptions): Promise<CompiledModel> {
  options.onProgress?.('import');
  return packModel(importModel(options), options);
}

/** Calibrates, quantizes, plans and packs a float model. @throws InputFileError, UsageError */
export async function packModel({ graph: floatGraph, source }: FloatModel, options: PackOptions): Promise<CompiledModel> {
  const progress = options.onProgress ?? (() => {});
  const samples = new SampleReader(floatGraph, options.samples ?? [], keptSamples(floatGraph, options));
  const isFloat = options.float || isFloatPrecision(options.precision ?? DEFAULT_PRECISION);
  const quantized: QuantizedModel = isFloat ? floatModel(floatGraph, options) : await quantizeModel(floatGraph, samples, options);
  progress('plan');
  const { plan, choices } = await encodePlan(planExecution(quantized.graph), options.encoding ?? 'dense');
  const packed = writePackedModel(plan, {
    name: options.name,
    inputs: quantized.graph.inputs.map((port) => packedPort(quantized.graph, port)),
    outputs: quantized.graph.outputs.map((port) => packedPort(quantized.graph, port)),
    steps: plan.steps.map((step) => step.node),
    ...(options.labels && { labels: options.labels }),
    ...(options.preprocess && { preprocess: options.preprocess }),
    ...(quantized.islands.length && { floatIslands: quantized.islands }),
    provenance: provenanceOf(options, source, samples),
  });
  const bytes = options.compact ? compactPacked(packed) : packed;
  progress('measure');
  const accuracies =
    quantized.graph === floatGraph ? new Map() : await compareGraphs(floatGraph, quantized.graph, samples.spread(MEASURED_SAMPLES));
  const layers = layerReports(quantized.graph, plan, quantized.islands, accuracies, choices);
  const report: CompileReport = {
    name: options.name,
    sourceBytes: source.length,
    fileBytes: bytes.length,
    constantBytes: plan.tensors.reduce((sum, { constant }) => sum + (constant?.byteLength ?? 0), 0),
    arenaBytes: plan.arenaBytes,
    arenaLowerBound: plan.arenaLowerBound,
    arena: arenaBlocks(plan),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    parameters: countParameters(floatGraph),
    calibrationSamples: samples.count,
    layers,
    islands: quantized.islands,
    ...(quantized.precision && { weightPrecision: quantized.precision }),
  };
  return { bytes, report, graph: quantized.graph, floatGraph };
}

/** How many samples stay in memory after calibration. */
function keptSamples(graph: Graph, { rounding }: PackOptions): number {
  if (!rounding) return BIAS_CORRECTION_SAMPLES;
  const bytes = graph.inputs.reduce((sum, { value }) => sum + byteLength(valueOf(graph, value).type), 0);
  return Math.max(BIAS_CORRECTION_SAMPLES, Math.min(ROUNDING_SAMPLES, Math.floor(ROUNDING_SAMPLE_BYTES / bytes)));
}

function asSampleSet(samples: readonly Sample[]): SampleSet {
  return { count: samples.length, at: (index) => samples[index] as Sample };
}

/** Layers in formats that need no samples, everything else float32. */
function floatModel(graph: Graph, options: PackOptions): QuantizedModel {
  const precisions = chosenPrecisions(graph, options.precision ?? 'float32');
  const wanting = [...precisions].find(([, precision]) => precision === 'int16');
  if (wanting) throw new UsageError(`precision: "${wanting[0]}" cannot be int16 in a model that is not quantized`);
  return { graph: applyPrecision({ float: graph, graph, precisions }).graph, islands: [] };
}

interface QuantizedModel extends QuantizedGraph {
  /** Where weights have fewer bits than usual. */
  readonly precision?: WeightPrecision;
}

async function quantizeModel(graph: Graph, samples: SampleReader, options: PackOptions): Promise<QuantizedModel> {
  const progress = options.onProgress ?? (() => {});
  const calibration = options.calibration
    ? await options.calibration(graph)
    : await calibrate(graph, samples, (done) => progress('calibrate', done));
  if (options.calibration) await samples.readAll();
  const isDemanded = [...graph.values.values()].some(({ type, constant }) => !constant && type.dtype === 'float32' && type.quantization);
  if (samples.count === 0 && !isDemanded) {
    throw new UsageError('quantization needs samples of the input to calibrate with: give --samples, or --float to keep float32');
  }
  const weightBits = chosenWeightBits(graph, options.weightBits ?? DEFAULT_WEIGHT_BITS);
  if (isDemanded && weightBits.size)
    throw new UsageError('the model brings its own integers (QDQ): its weights cannot have other bits; leave out --weight-bits');
  const ranges = rangesOf(graph, calibration, options.calibrationMethod ?? DEFAULT_CALIBRATION_METHOD);
  const precisions = chosenPrecisions(graph, options.precision ?? DEFAULT_PRECISION);
  const islands = floatNodes(graph, precisions);
  // 65 535 steps hold the largest number, too: nothing is gained by clipping.
  const wideRanges = rangesOf(graph, calibration, 'min-max');
  const withPrecisions = (quantized: QuantizedGraph): QuantizedGraph => {
    const { graph: precise, refused } = applyPrecision({ float: graph, graph: quantized.graph, precisions, ranges: wideRanges });
    return {
      ...quantized,
      graph: precise,
      islands: quantized.islands.map((island) => ({ ...island, reason: refused.get(island.node) ?? island.reason })),
    };
  };
  const quantizeWith = async (bits: typeof weightBits, rounding?: WeightRounding): Promise<QuantizedGraph> => {
    progress('quantize');
    const quantized = quantizeGraph(graph, ranges, {
      weightBits: bits,
      islands,
      ...(options.keepFloat && { keepFloat: options.keepFloat }),
    });
    // A model that brings its own integers is to run on exactly these.
    if (isDemanded) return withPrecisions(quantized);
    const rounded = rounding
      ? await rounding.apply({
          float: graph,
          quantized: quantized.graph,
          samples: asSampleSet(samples.spread(ROUNDING_SAMPLES)),
          weightBits: bits,
          seed: options.seed ?? 0,
          onLayer: (name) => progress(`round ${name}`),
        })
      : quantized.graph;
    const precise = withPrecisions({ ...quantized, graph: rounded });
    progress('correct biases');
    return { ...precise, graph: await correctBiases(graph, precise.graph, samples.spread(BIAS_CORRECTION_SAMPLES)) };
  };
  const quantized = await quantizeWith(weightBits, options.rounding);
  if (weightBits.size === 0) return quantized;
  const plain = await quantizeWith(new Map());
  const referee = await Referee.create(graph, asSampleSet(samples.spread(BIAS_CORRECTION_SAMPLES)));
  const precision = {
    layers: Object.fromEntries(weightBits),
    measured: await referee.measure(quantized.graph),
    withEightBits: await referee.measure(plain.graph),
  };
  return { ...quantized, precision };
}

function provenanceOf(options: PackOptions, source: Uint8Array, samples: SampleReader): Record<string, string | number> {
  return {
    whittle: version,
    model: createHash('sha256').update(source).digest('hex'),
    ...(samples.count && {
      samples: samples.digest(),
      sampleCount: samples.count,
      calibration: options.calibrationMethod ?? DEFAULT_CALIBRATION_METHOD,
    }),
    ...((options.weightBits ?? DEFAULT_WEIGHT_BITS) !== DEFAULT_WEIGHT_BITS && { weightBits: JSON.stringify(options.weightBits) }),
    ...(options.precision && options.precision !== DEFAULT_PRECISION && { precision: JSON.stringify(options.precision) }),
    ...(options.keepFloat?.length && { keepFloat: options.keepFloat.join(' ') }),
    ...(options.rounding && { rounding: options.rounding.name }),
    seed: options.seed ?? 0,
    ...options.provenance,
  };
}
