/**
 * The one pass over the samples that almost every method needs (methods.md, notation): for each layer
 *
 *     R = E[x xᵀ]   of its patches x in the network as it is now
 *     G = E[y xᵀ]   of the targets y: what the layer of the original network answered, before its activation
 *
 * Both are gathered patch by patch, so that memory is columns² per layer whatever the number of samples.
 */
import type { Graph, ValueName } from '../graph.ts';
import { addScaled, type Matrix, matrix } from '../linalg/matrix.ts';
import { addGram, addTransposedProduct } from '../linalg/multiply.ts';
import { uniformRandom } from '../linalg/random.ts';
import { type Layer, layerComputing } from './layers.ts';
import { patchWriter, responses } from './patches.ts';
import { type SampleSet, spreadIndices, ValueReader } from './values.ts';

export interface LayerStatistics {
  /** Name of the layer. */
  readonly layer: string;
  /** Patches that were seen. */
  readonly count: number;
  /** R per group: [columns, columns]. */
  readonly correlation: readonly Matrix[];
  /** G per group: [outputs / groups, columns]. */
  readonly cross: readonly Matrix[];
  /** E[x] per group: [columns] each. */
  readonly inputMean: readonly Float64Array[];
  /** E[y]: [outputs]. */
  readonly targetMean: Float64Array;
  /** E[y²]: [outputs]. */
  readonly targetEnergy: Float64Array;
}

export interface StatisticsOptions {
  /** At most so many samples are read, spread evenly. */
  readonly samples?: number;
  /** About so many patches are taken per layer, at random positions; more than ten per column changes little. */
  readonly patches?: number;
  readonly seed?: number;
  /**
   * How much the mean over a sample's positions counts beside the single positions: R + weight · cov(mean x), and G alike.
   * What errs alike at all positions passes every pooling, what errs here and there is averaged out. Default: 0.
   */
  readonly meanWeight?: number;
  /** Which channels of the original a narrower value still has; absent: all. */
  readonly channels?: ReadonlyMap<ValueName, ArrayLike<number>>;
}

export const DEFAULT_STATISTICS_SAMPLES = 512;

/** For methods that choose or round weights one by one. */
export const DEFAULT_MEAN_WEIGHT = 15;

const PATCHES_PER_COLUMN = 40;
const LEAST_PATCHES = 20_000;

/** A float64 correlation of more columns than this does not fit into memory comfortably (4096² · 8 bytes = 128 MB). */
export const LARGEST_COLUMNS = 4096;

/** Numbers of a block of patches that is multiplied at once. */
const BLOCK_NUMBERS = 1 << 20;

/**
 * @param original the network whose answers are the targets; layers are matched by the value they compute, and a layer
 * that it does not have is its own target
 * @param current the network that `layers` are of
 */
export async function gatherStatistics(
  original: Graph,
  current: Graph,
  layers: readonly Layer[],
  samples: SampleSet,
  options: StatisticsOptions = {},
): Promise<Map<string, LayerStatistics>> {
  const indices = spreadIndices(samples.count, options.samples ?? DEFAULT_STATISTICS_SAMPLES);
  if (indices.length === 0) throw new Error('statistics need samples');
  const gatherers = layers.map((layer) => new Gatherer(original, current, layer, indices.length, options));
  const inputs = gatherers.map(({ layer }) => layer.input);
  const targetInputs = gatherers.flatMap(({ target }) => (target ? [target.input] : []));
  const reader = await ValueReader.create(current, inputs, samples, indices);
  const targetReader = await ValueReader.create(original, targetInputs, samples, indices);
  for (const index of indices) {
    const [values, targets] = [reader.read(index), targetReader.read(index)];
    for (const gatherer of gatherers) {
      gatherer.add(
        values.get(gatherer.layer.input) as Float32Array,
        gatherer.target && (targets.get(gatherer.target.input) as Float32Array),
      );
    }
    // Signals (Ctrl-C) are heard between samples.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return new Map(gatherers.map((gatherer) => [gatherer.layer.name, gatherer.finish()]));
}

/** Positions of one sample that are looked at: all, or a random choice. */
function choosePositions(positions: number, wanted: number, random: () => number): Int32Array {
  if (wanted >= positions) return Int32Array.from({ length: positions }, (_, i) => i);
  // One position out of each of `wanted` equal stretches.
  return Int32Array.from({ length: wanted }, (_, i) => Math.floor(((i + random()) * positions) / wanted));
}

class Gatherer {
  /** The original's layer, when its inputs are not the current ones. */
  readonly target: Layer | undefined;
  private readonly random: () => number;
  private readonly wanted: number;
  private readonly writePatch: ReturnType<typeof patchWriter>;
  private readonly writeTarget: ReturnType<typeof patchWriter> | undefined;
  private readonly answering: Layer;
  private readonly rows: ArrayLike<number> | undefined;
  private readonly capacity: number;
  private readonly patches: Float64Array;
  private readonly targetPatches: Float64Array | undefined;
  private readonly correlation: Matrix[];
  private readonly cross: Matrix[];
  private readonly inputSum: Float64Array;
  private readonly targetSum: Float64Array;
  private readonly targetSquares: Float64Array;
  /** Mean patch of each sample, and of its target; empty unless they count. */
  private readonly sampleMeans: Float64Array[] = [];
  private readonly targetMeans: Float64Array[] = [];
  private readonly meanWeight: number;
  private held = 0;
  private count = 0;

  constructor(
    original: Graph,
    current: Graph,
    readonly layer: Layer,
    sampleCount: number,
    { patches, seed = 0, channels, meanWeight = 0 }: StatisticsOptions,
  ) {
    const { columns, groups, outputs, positions } = layer;
    if (columns > LARGEST_COLUMNS)
      throw new Error(`layer "${layer.name}" has ${columns} columns; statistics are gathered for up to ${LARGEST_COLUMNS}`);
    const counterpart = original === current ? undefined : layerComputing(original, layer.output);
    this.rows = counterpart && channels?.get(layer.output);
    const isSameSize = counterpart?.positions === positions && (this.rows?.length ?? counterpart.outputs) === outputs;
    const matching = isSameSize ? counterpart : undefined;
    this.target = matching;
    this.answering = matching ?? layer;
    this.random = uniformRandom(seed);
    this.meanWeight = positions > 1 ? meanWeight : 0;
    this.wanted = Math.ceil((patches ?? Math.max(LEAST_PATCHES, PATCHES_PER_COLUMN * columns)) / sampleCount);
    this.writePatch = patchWriter(current, layer);
    this.writeTarget = matching && patchWriter(original, matching);
    const width = groups * columns;
    this.capacity = Math.max(1, Math.ceil(BLOCK_NUMBERS / width));
    this.patches = new Float64Array(this.capacity * width);
    this.targetPatches = matching && new Float64Array(this.capacity * matching.groups * matching.columns);
    this.correlation = Array.from({ length: groups }, () => matrix(columns, columns));
    this.cross = Array.from({ length: groups }, () => matrix(outputs / groups, columns));
    this.inputSum = new Float64Array(width);
    this.targetSum = new Float64Array(outputs);
    this.targetSquares = new Float64Array(outputs);
  }

  add(input: ArrayLike<number>, target: ArrayLike<number> | undefined): void {
    const width = this.layer.groups * this.layer.columns;
    const targetWidth = this.answering.groups * this.answering.columns;
    const positions = choosePositions(this.layer.positions, this.wanted, this.random);
    const [mean, targetMean] = [new Float64Array(width), new Float64Array(targetWidth)];
    for (const position of positions) {
      this.writePatch(input, position, this.patches, this.held * width);
      if (target && this.targetPatches && this.writeTarget) this.writeTarget(target, position, this.targetPatches, this.held * targetWidth);
      if (this.meanWeight > 0) {
        addShare(mean, this.patches, this.held * width, positions.length);
        if (this.targetPatches) addShare(targetMean, this.targetPatches, this.held * targetWidth, positions.length);
      }
      if (++this.held === this.capacity) this.flush();
    }
    if (this.meanWeight === 0) return;
    this.sampleMeans.push(mean);
    this.targetMeans.push(this.targetPatches ? targetMean : mean);
  }

  private flush(): void {
    const { held } = this;
    if (held === 0) return;
    const { columns, groups, outputs } = this.layer;
    const width = groups * columns;
    const y = responses(this.answering, this.targetPatches ?? this.patches, held, this.target && this.rows);
    const perGroup = outputs / groups;
    for (let group = 0; group < groups; group++) {
      const x = columnBlock(this.patches, held, width, group * columns, columns);
      addGram(this.correlation[group] as Matrix, x);
      addTransposedProduct(this.cross[group] as Matrix, columnBlock(y, held, outputs, group * perGroup, perGroup), x);
    }
    for (let i = 0; i < held * width; i++) this.inputSum[i % width] = (this.inputSum[i % width] as number) + (this.patches[i] as number);
    for (let i = 0; i < held * outputs; i++) {
      const value = y[i] as number;
      this.targetSum[i % outputs] = (this.targetSum[i % outputs] as number) + value;
      this.targetSquares[i % outputs] = (this.targetSquares[i % outputs] as number) + value * value;
    }
    this.count += held;
    this.held = 0;
  }

  finish(): LayerStatistics {
    this.flush();
    const { columns, name } = this.layer;
    const mean = (data: Float64Array) => data.map((value) => value / this.count);
    const inputMean = mean(this.inputSum);
    return this.withMeans({
      layer: name,
      count: this.count,
      correlation: this.correlation.map((sum) => ({ ...sum, data: mean(sum.data) })),
      cross: this.cross.map((sum) => ({ ...sum, data: mean(sum.data) })),
      inputMean: this.correlation.map((_, group) => inputMean.slice(group * columns, (group + 1) * columns)),
      targetMean: mean(this.targetSum),
      targetEnergy: mean(this.targetSquares),
    });
  }

  /** The statistics with what the means of the samples add. */
  private withMeans(statistics: LayerStatistics): LayerStatistics {
    const count = this.sampleMeans.length;
    if (count === 0) return statistics;
    const { columns, groups, outputs } = this.layer;
    const means = concatenate(this.sampleMeans);
    const answers = responses(this.answering, concatenate(this.targetMeans), count, this.target && this.rows);
    const [width, perGroup] = [groups * columns, outputs / groups];
    const averages = (data: Float64Array, size: number) => {
      const sums = new Float64Array(size);
      for (let i = 0; i < data.length; i++) sums[i % size] = (sums[i % size] as number) + (data[i] as number) / count;
      return sums;
    };
    // Deviations of the samples' means, so that what is added has no mean of its own.
    const deviations = (data: Float64Array, size: number) => {
      const average = averages(data, size);
      return data.map((value, i) => value - (average[i % size] as number));
    };
    const [x, y] = [deviations(means, width), deviations(answers, outputs)];
    const share = this.meanWeight / count;
    return {
      ...statistics,
      correlation: statistics.correlation.map((r, group) => {
        const sum = matrix(columns, columns);
        addGram(sum, columnBlock(x, count, width, group * columns, columns));
        return addScaled(r, sum, share);
      }),
      cross: statistics.cross.map((g, group) => {
        const sum = matrix(perGroup, columns);
        addTransposedProduct(
          sum,
          columnBlock(y, count, outputs, group * perGroup, perGroup),
          columnBlock(x, count, width, group * columns, columns),
        );
        return addScaled(g, sum, share);
      }),
      targetEnergy: averages(
        y.map((value) => value * value),
        outputs,
      ).map((variance, o) => (statistics.targetEnergy[o] as number) + this.meanWeight * variance),
    };
  }
}

/** sum += the numbers of `data` from `offset` on, / count. */
function addShare(sum: Float64Array, data: Float64Array, offset: number, count: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (data[offset + i] as number) / count;
}

function concatenate(rows: readonly Float64Array[]): Float64Array {
  const width = rows[0]?.length ?? 0;
  const result = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    result.set(row, i * width);
  });
  return result;
}

/** Columns [first, first + count) of a row-major block of rows. */
function columnBlock(data: Float64Array, rows: number, width: number, first: number, count: number): Matrix {
  if (count === width) return matrix(rows, width, data.subarray(0, rows * width));
  const block = matrix(rows, count);
  for (let i = 0; i < rows; i++) block.data.set(data.subarray(i * width + first, i * width + first + count), i * count);
  return block;
}
