/** Calibrates many networks on the same samples: what they have in common is computed, and counted, once. */
import { signaturesOf } from '../compression/value-cache.ts';
import { type SampleSet, spreadIndices, storedValue, ValueReader } from '../compression/values.ts';
import type { Graph, ValueName } from '../graph.ts';
import { type Calibration, observedValues } from '../quantization/calibrate.ts';
import { Histogram } from '../quantization/histogram.ts';
import { Recent } from './recent.ts';

interface Counted {
  readonly histogram: Histogram;
  isFinite: boolean;
}

/** Histograms of some dozens of networks. */
const KEPT = 2000;

export class Calibrations {
  private readonly counted = new Recent<Counted>(KEPT, () => 1);

  constructor(private readonly samples: SampleSet) {}

  /**
   * The same as `calibrate` (quantization/calibrate.ts) finds, for inputs that are finite.
   * @param limit at most so many samples, spread evenly
   */
  async of(graph: Graph, limit = Number.POSITIVE_INFINITY): Promise<Calibration> {
    const indices = spreadIndices(this.samples.count, limit);
    const signatures = signaturesOf(graph);
    // What shares another value's bytes is no step of its own.
    const names = [...observedValues(graph)].filter((name) => storedValue(graph, name) === name);
    const found = new Map<ValueName, Counted>();
    const missing = new Map<ValueName, Counted>();
    for (const name of names) {
      const known = this.counted.get(`${signatures.get(name)} ${indices.length}`);
      const counted = known ?? { histogram: new Histogram(), isFinite: true };
      found.set(name, counted);
      if (!known) missing.set(name, counted);
    }
    const reader = await ValueReader.create(graph, [...missing.keys()], this.samples, indices);
    for (const index of missing.size > 0 ? indices : []) {
      for (const [name, data] of reader.read(index)) {
        const counted = missing.get(name) as Counted;
        if (!counted.histogram.add(data)) counted.isFinite = false;
      }
    }
    for (const [name, counted] of missing) this.counted.set(`${signatures.get(name)} ${indices.length}`, counted);
    return {
      histograms: new Map([...found].map(([name, { histogram }]) => [name, histogram])),
      notFinite: new Set([...found].flatMap(([name, { isFinite }]) => (isFinite ? [] : [name]))),
      sampleCount: indices.length,
    };
  }
}
