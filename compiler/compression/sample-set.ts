/** Samples of the command line as the compression reads them: again and again, in the order of the graph's inputs. */
import type { Graph } from '../graph.ts';
import type { Sample } from '../quantization/calibrate.ts';
import { inputPortsOf, sampleReader } from '../samples/layout.ts';
import type { Samples } from '../samples/samples.ts';
import type { SampleSet } from './values.ts';

/** Decoding a photograph takes longer than most layers: samples stay in memory up to here. */
const CACHE_BYTES = 512 * 1024 * 1024;

export const noSamples: SampleSet = {
  count: 0,
  at: () => {
    throw new Error('there are no samples');
  },
};

/** @throws InputFileError when the samples do not fit the graph's inputs. */
export function sampleSet(samples: Samples, graph: Graph): SampleSet {
  const read = sampleReader(samples, inputPortsOf(graph));
  const cache = new Map<number, Sample>();
  let held = 0;
  return {
    count: samples.count,
    at(index) {
      const cached = cache.get(index);
      if (cached) return cached;
      const sample = read(index);
      const bytes = sample.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (held + bytes <= CACHE_BYTES) {
        held += bytes;
        cache.set(index, sample);
      }
      return sample;
    },
    ...(samples.label && { label: samples.label }),
  };
}

export function withoutLabels({ count, at }: SampleSet): SampleSet {
  return { count, at };
}
