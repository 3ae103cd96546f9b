/**
 * Entropy calibration: the clipped range whose int8 distribution tells the original one best
 * (Migacz, "8-bit Inference with TensorRT", 2017). TensorRT searches a symmetric range; here the ends of an asymmetric
 * range move together, in proportion to their distance from zero.
 */
import type { Histogram } from './histogram.ts';
import type { Range } from './range.ts';

const LEVELS = 256;

/** Candidates: every STRIDE-th number of bins from LEVELS on. */
const STRIDE = 8;

/** A bin of P without a counterpart in Q costs as much as this probability would. */
const SMALLEST_PROBABILITY = 1e-10;

/**
 * The counts with the bin of zero levelled to its neighbours: exact zeros (behind a ReLU often most of the mass) are kept by
 * every range and would drown the rest (TensorRT does the same).
 */
function withoutZeros(histogram: Histogram): Float64Array {
  const counts = histogram.counts.slice();
  const zero = Math.floor(-histogram.low / histogram.binWidth);
  const neighbours = [counts[zero - 1], counts[zero + 1]].filter((count) => count !== undefined);
  counts[zero] = Math.min(counts[zero] as number, Math.max(...neighbours));
  return counts;
}

/** P: the bins [from, to), with the mass outside added to the outermost ones. */
function clippedDistribution(counts: Float64Array, from: number, to: number): Float64Array {
  const p = counts.slice(from, to);
  for (let i = 0; i < from; i++) p[0] = (p[0] as number) + (counts[i] as number);
  const last = p.length - 1;
  for (let i = to; i < counts.length; i++) p[last] = (p[last] as number) + (counts[i] as number);
  return p;
}

/** KL(P‖Q), Q being the bins [from, to) compressed to LEVELS levels and spread again over those that are not empty. */
function divergence(counts: Float64Array, from: number, to: number, total: number): number {
  const p = clippedDistribution(counts, from, to);
  const length = to - from;
  let result = 0;
  let inside = 0;
  for (let i = from; i < to; i++) inside += counts[i] as number;
  for (let level = 0; level < LEVELS; level++) {
    const start = Math.floor((level * length) / LEVELS);
    const end = Math.floor(((level + 1) * length) / LEVELS);
    let mass = 0;
    let filled = 0;
    for (let i = start; i < end; i++) {
      mass += counts[from + i] as number;
      if ((p[i] as number) > 0) filled++;
    }
    const q = Math.max(mass / Math.max(1, filled) / Math.max(1, inside), SMALLEST_PROBABILITY);
    for (let i = start; i < end; i++) {
      const probability = (p[i] as number) / total;
      if (probability > 0) result += probability * Math.log(probability / q);
    }
  }
  return result;
}

export function entropyRange(histogram: Histogram): Range {
  const { min, max, binWidth, low } = histogram;
  const full = { min: Math.min(0, min), max: Math.max(0, max) };
  if (binWidth === 0) return full;
  const counts = withoutZeros(histogram);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const lower = -full.min / binWidth;
  const upper = full.max / binWidth;
  const zero = -low / binWidth;
  let best = full;
  let smallest = Number.POSITIVE_INFINITY;
  for (let bins = LEVELS; bins <= Math.ceil(lower + upper); bins += STRIDE) {
    const share = Math.min(1, bins / (lower + upper));
    const from = Math.max(0, Math.floor(zero - lower * share));
    const to = Math.min(counts.length, Math.max(from + LEVELS, Math.ceil(zero + upper * share)));
    const candidate = divergence(counts, from, to, total);
    if (candidate < smallest) {
      smallest = candidate;
      best = { min: Math.max(full.min, histogram.edge(from)), max: Math.min(full.max, histogram.edge(to)) };
    }
  }
  return best;
}
