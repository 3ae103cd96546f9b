/** A streaming histogram: its range grows by doubling, so that nothing has to be known beforehand and nothing is kept. */

const BINS = 2048;

/** Larger tensors are thinned to this many elements per call for the bins; never for min and max. */
const SAMPLE_LIMIT = 1 << 14;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The smallest step that visits at most SAMPLE_LIMIT elements and, being coprime with the count, every channel and row. */
function thinningStep(count: number): number {
  let step = Math.ceil(count / SAMPLE_LIMIT);
  while (step > 1 && greatestCommonDivisor(step, count) !== 1) step++;
  return step;
}

/**
 * V8 compiles what is called often. A loop that is so long that it is replaced while it runs goes back to the interpreter
 * at its end, again at each call: 3 to 13 ns per element instead of 1.5 (Node 20).
 */
const BLOCK = 4096;

/** Smallest and largest of the elements `from` … `to` - 1; undefined when one of them is not finite. */
function extremes(data: ArrayLike<number>, from: number, to: number): { min: number; max: number } | undefined {
  let min = data[from] as number;
  let max = min;
  // Zero, if all are finite.
  let rest = 0;
  for (let i = from; i < to; i++) {
    const x = data[i] as number;
    if (x < min) min = x;
    if (x > max) max = x;
    rest += x - x;
  }
  return rest === 0 ? { min, max } : undefined;
}

/** Counts of real numbers in BINS bins of equal width. The range starts at zero, because int8 ranges must hold zero. */
export class Histogram {
  readonly counts = new Float64Array(BINS);
  /** Sum of the numbers of each bin: images and one-hot inputs lie on a grid that the middle of a bin would miss. */
  private readonly sums = new Float64Array(BINS);
  /** Smallest and largest number seen; infinite before the first. */
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Numbers in the bins. */
  count = 0;
  /** Lower edge of bin 0. */
  low = 0;
  /** 0 as long as only zeros were seen; they wait in bin 0. */
  binWidth = 0;
  private calls = 0;

  /** Adds the elements of a tensor. @returns false, and counts nothing, when one of them is not finite. */
  add(data: ArrayLike<number>): boolean {
    if (data.length === 0) return true;
    const first = data[0] as number;
    let [min, max] = [first, first];
    for (let from = 0; from < data.length; from += BLOCK) {
      const block = extremes(data, from, Math.min(from + BLOCK, data.length));
      if (!block) return false;
      min = Math.min(min, block.min);
      max = Math.max(max, block.max);
    }
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    this.growTo(Math.min(0, min), Math.max(0, max));
    this.addToBins(data);
    return true;
  }

  /** The real number at a (fractional) bin index. */
  edge(bin: number): number {
    return this.low + bin * this.binWidth;
  }

  /** Mean of the numbers in a bin that is not empty. */
  mean(bin: number): number {
    return (this.sums[bin] as number) / (this.counts[bin] as number);
  }

  private addToBins(data: ArrayLike<number>): void {
    const { counts, sums, low } = this;
    const inverse = this.binWidth > 0 ? 1 / this.binWidth : 0;
    const step = thinningStep(data.length);
    // Another phase for each tensor: over many samples every position is visited.
    for (let i = this.calls++ % step; i < data.length; i += step) {
      const x = data[i] as number;
      const bin = Math.min(BINS - 1, Math.floor((x - low) * inverse));
      (counts[bin] as number)++;
      (sums[bin] as number) += x;
      this.count++;
    }
  }

  private growTo(low: number, high: number): void {
    if (this.binWidth === 0) {
      if (high === low) return;
      const zeros = this.counts[0] as number;
      this.counts[0] = 0;
      this.low = low;
      this.binWidth = (high - low) / BINS;
      this.counts[Math.min(BINS - 1, Math.floor(-low / this.binWidth))] = zeros;
      return;
    }
    while (high > this.edge(BINS)) this.double(0);
    while (low < this.low) {
      this.low -= BINS * this.binWidth;
      this.double(BINS / 2);
    }
  }

  /** Merges pairs of bins into the half that starts at `target`; the other half becomes empty. */
  private double(target: number): void {
    for (const list of [this.counts, this.sums]) {
      const merged = Float64Array.from({ length: BINS / 2 }, (_, i) => (list[2 * i] as number) + (list[2 * i + 1] as number));
      list.fill(0);
      list.set(merged, target);
    }
    this.binWidth *= 2;
  }
}
