/** How long one inference takes on a device: the method of product.md 5.1, the same for every device. */
import type { Device } from './device.ts';

export interface MeasureOptions {
  /** Stop after this many seconds of steady samples even if more would be better. */
  readonly maxSeconds?: number;
  readonly minSamples?: number;
}

/** Microseconds per inference. */
export interface Measurement {
  readonly medianUs: number;
  readonly minUs: number;
  readonly p90Us: number;
  readonly p99Us: number;
  /** Median absolute deviation from the median. */
  readonly madUs: number;
  readonly samples: number;
  /** Inferences in one sample, so that it lasts at least 100 steps of the clock. */
  readonly runsPerSample: number;
  /** Name of the device's clock. */
  readonly clock: string;
  readonly clockStepUs: number;
  /** Whether the last warm-up batches agreed within 2 %. */
  readonly warm: boolean;
  readonly raw: readonly number[];
}

const STEPS_PER_SAMPLE = 100;
const SAMPLE_MIN_US = 5000;
const WARM_BATCH = 5;
const WARM_BATCHES_MAX = 40;
const STEADY_SECONDS = 2;

/** Element at fraction `p` of the sorted list. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] as number;
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

async function calibrateRuns(device: Device, sampleUs: number): Promise<number> {
  let runs = 1;
  for (;;) {
    const elapsed = await device.time(runs);
    if (elapsed >= sampleUs) return runs;
    runs = Math.max(runs + 1, Math.min(runs * 10, Math.ceil((1.1 * runs * sampleUs) / Math.max(elapsed, 1))));
  }
}

/** Engines compile hot code later: runs until three batch medians in a row agree within 2 %. */
async function warmUp(device: Device, runs: number): Promise<boolean> {
  const medians: number[] = [];
  for (let batch = 0; batch < WARM_BATCHES_MAX; batch++) {
    const times: number[] = [];
    for (let i = 0; i < WARM_BATCH; i++) times.push(await device.time(runs));
    medians.push(median(times));
    const last = medians.slice(-3);
    if (last.length === 3 && Math.max(...last) <= 1.02 * Math.min(...last)) return true;
  }
  return false;
}

/** The model must be deployed and have seen an input. */
export async function measure(device: Device, { maxSeconds = 10, minSamples = 30 }: MeasureOptions = {}): Promise<Measurement> {
  const { name: clock, stepUs: clockStepUs } = await device.clock();
  const sampleUs = Math.max(STEPS_PER_SAMPLE * clockStepUs, SAMPLE_MIN_US);
  await calibrateRuns(device, sampleUs);
  let runsPerSample = await calibrateRuns(device, sampleUs);
  const warm = await warmUp(device, runsPerSample);
  runsPerSample = await calibrateRuns(device, sampleUs);
  const raw: number[] = [];
  let elapsedUs = 0;
  while ((raw.length < minSamples || elapsedUs < STEADY_SECONDS * 1e6) && elapsedUs < maxSeconds * 1e6) {
    const elapsed = await device.time(runsPerSample);
    raw.push(elapsed / runsPerSample);
    elapsedUs += elapsed;
  }
  const sorted = [...raw].sort((a, b) => a - b);
  const middle = percentile(sorted, 0.5);
  return {
    medianUs: middle,
    minUs: sorted[0] as number,
    p90Us: percentile(sorted, 0.9),
    p99Us: percentile(sorted, 0.99),
    madUs: median(raw.map((value) => Math.abs(value - middle))),
    samples: raw.length,
    runsPerSample,
    clock,
    clockStepUs,
    warm,
    raw,
  };
}
