/** Mean, energy and range of each channel of some values, over all positions of all samples. */
import type { Graph, ValueName } from '../graph.ts';
import { valueOf } from '../graph.ts';
import { type SampleSet, spreadIndices, ValueReader } from './values.ts';

export interface ChannelStatistics {
  /** E[a] */
  readonly mean: Float64Array;
  /** E[(a - E[a])²] */
  readonly variance: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  /** Share of positions with a > 0. */
  readonly firing: Float64Array;
}

class Accumulator {
  private count = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;
  private readonly positive: Float64Array;
  private readonly minimum: Float64Array;
  private readonly maximum: Float64Array;

  constructor(private readonly channels: number) {
    this.mean = new Float64Array(channels);
    this.squares = new Float64Array(channels);
    this.positive = new Float64Array(channels);
    this.minimum = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
    this.maximum = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  }

  /** Welford's update: a difference of large sums would hide small variances. */
  add(data: ArrayLike<number>): void {
    for (let from = 0; from < data.length; from += this.channels) {
      this.count++;
      for (let c = 0; c < this.channels; c++) {
        const value = data[from + c] as number;
        const before = value - (this.mean[c] as number);
        this.mean[c] = (this.mean[c] as number) + before / this.count;
        this.squares[c] = (this.squares[c] as number) + before * (value - (this.mean[c] as number));
        if (value > 0) this.positive[c] = (this.positive[c] as number) + 1;
        if (value < (this.minimum[c] as number)) this.minimum[c] = value;
        if (value > (this.maximum[c] as number)) this.maximum[c] = value;
      }
    }
  }

  get statistics(): ChannelStatistics {
    return {
      mean: this.mean,
      variance: this.squares.map((value) => value / this.count),
      minimum: this.minimum,
      maximum: this.maximum,
      firing: this.positive.map((value) => value / this.count),
    };
  }
}

/** @param limit at most so many samples, spread evenly */
export async function gatherChannelStatistics(
  graph: Graph,
  names: readonly ValueName[],
  samples: SampleSet,
  limit = Number.POSITIVE_INFINITY,
): Promise<Map<ValueName, ChannelStatistics>> {
  const accumulators = new Map(names.map((name) => [name, new Accumulator(valueOf(graph, name).type.shape.at(-1) as number)]));
  const indices = spreadIndices(samples.count, limit);
  const reader = await ValueReader.create(graph, names, samples, indices);
  for (const index of indices) {
    for (const [name, data] of reader.read(index)) accumulators.get(name)?.add(data);
  }
  return new Map([...accumulators].map(([name, accumulator]) => [name, accumulator.statistics]));
}
