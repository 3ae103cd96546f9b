/** What is left of every layer's answers: measured, with the errors of everything before it. */
import { type Graph, valueOf } from '../graph.ts';
import { layersOf } from './layers.ts';
import type { Network } from './network.ts';
import { type SampleSet, spreadIndices, ValueReader } from './values.ts';

/** So many samples are enough for two digits. */
const SAMPLES = 64;

/** Sums over positions and samples of one layer. */
class ErrorSum {
  private readonly sums: Float64Array;
  private squares = 0;
  private errors = 0;
  private count = 0;

  /** @param kept the original's channels that are left; absent: all */
  constructor(
    private readonly channels: number,
    private readonly originalChannels: number,
    private readonly kept: ArrayLike<number> | undefined,
  ) {
    this.sums = new Float64Array(channels);
  }

  add(original: ArrayLike<number>, current: ArrayLike<number>): void {
    for (let position = 0; position < current.length / this.channels; position++) {
      this.count++;
      for (let c = 0; c < this.channels; c++) {
        const expected = original[position * this.originalChannels + (this.kept?.[c] ?? c)] as number;
        this.sums[c] = (this.sums[c] as number) + expected;
        this.squares += expected * expected;
        this.errors += (expected - (current[position * this.channels + c] as number)) ** 2;
      }
    }
  }

  /** Σ (y - ŷ)² / Σ (y - mean of its channel)². */
  get error(): number {
    const variance = this.squares - this.sums.reduce((total, sum) => total + (sum * sum) / this.count, 0);
    return variance > 0 ? this.errors / variance : 0;
  }
}

/**
 * Name of the layer → how far its answers, after the activation, are from the original's: 0 is equal, 1 as good as their
 * mean. Layers that the original does not have are left out.
 */
export async function layerErrors(original: Graph, { graph, channels }: Network, samples: SampleSet): Promise<Map<string, number>> {
  const lastExtent = (from: Graph, name: string) => valueOf(from, name).type.shape.at(-1) as number;
  const layers = layersOf(graph).filter(({ output }) => {
    const value = original.values.get(output);
    return value !== undefined && (channels.get(output)?.length ?? value.type.shape.at(-1)) === lastExtent(graph, output);
  });
  const names = layers.map(({ output }) => output);
  const indices = spreadIndices(samples.count, SAMPLES);
  const readers = [
    await ValueReader.create(original, names, samples, indices),
    await ValueReader.create(graph, names, samples, indices),
  ] as const;
  const sums = new Map(names.map((name) => [name, new ErrorSum(lastExtent(graph, name), lastExtent(original, name), channels.get(name))]));
  for (const index of indices) {
    const [expected, actual] = [readers[0].read(index), readers[1].read(index)];
    for (const [name, sum] of sums) sum.add(expected.get(name) as ArrayLike<number>, actual.get(name) as ArrayLike<number>);
  }
  return new Map(layers.map(({ name, output }) => [name, (sums.get(output) as ErrorSum).error]));
}
