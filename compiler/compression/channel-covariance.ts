/** Mean and covariance of the channels of some values, over all positions of all samples. */
import { type Graph, type ValueName, valueOf } from '../graph.ts';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { addGram } from '../linalg/multiply.ts';
import { type SampleSet, spreadIndices, ValueReader } from './values.ts';

export interface ChannelCovariance {
  readonly mean: Float64Array;
  /** [channels, channels] */
  readonly covariance: Matrix;
}

/** E[a aᵀ] - E[a] E[a]ᵀ loses digits where means are large: everything is counted from the first position. */
class CovarianceSum {
  private origin: Float64Array | undefined;
  private readonly sums: Float64Array;
  private readonly gram: Matrix;
  private count = 0;

  constructor(private readonly channels: number) {
    this.sums = new Float64Array(channels);
    this.gram = matrix(channels, channels);
  }

  add(data: ArrayLike<number>): void {
    const { channels } = this;
    this.origin ??= Float64Array.from({ length: channels }, (_, c) => data[c] as number);
    const shifted = Float64Array.from(data, (value, i) => value - ((this.origin as Float64Array)[i % channels] as number));
    for (let i = 0; i < shifted.length; i++) this.sums[i % channels] = (this.sums[i % channels] as number) + (shifted[i] as number);
    addGram(this.gram, matrix(shifted.length / channels, channels, shifted));
    this.count += shifted.length / channels;
  }

  get result(): ChannelCovariance {
    const { channels, count } = this;
    const shiftedMean = this.sums.map((sum) => sum / count);
    return {
      mean: shiftedMean.map((value, c) => value + ((this.origin as Float64Array)[c] as number)),
      covariance: {
        ...this.gram,
        data: this.gram.data.map(
          (sum, i) => sum / count - (shiftedMean[Math.floor(i / channels)] as number) * (shiftedMean[i % channels] as number),
        ),
      },
    };
  }
}

export async function gatherChannelCovariance(
  graph: Graph,
  names: readonly ValueName[],
  samples: SampleSet,
): Promise<Map<ValueName, ChannelCovariance>> {
  const sums = new Map(names.map((name) => [name, new CovarianceSum(valueOf(graph, name).type.shape.at(-1) as number)]));
  const indices = spreadIndices(samples.count, samples.count);
  const reader = await ValueReader.create(graph, names, samples, indices);
  for (const index of indices) {
    for (const [name, data] of reader.read(index)) sums.get(name)?.add(data);
  }
  return new Map([...sums].map(([name, sum]) => [name, sum.result]));
}
