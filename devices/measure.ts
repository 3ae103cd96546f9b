/**
 * How long one inference takes on a device: one method for every device, from a page with a clock of 1 ms to a board.
 *
 * 1. the clock's step; 2. so many inferences per sample that it lasts 100 steps; 3. warm-up until three batches agree
 * (engines compile hot code late); 4. at least 30 samples and 2 s of them; 5. robust statistics; 6. what happened to the
 * device meanwhile. Load, compilation and first run were timed apart, when the model was deployed.
 */
import type { Clock, Conditions, Device } from './device.ts';
import { ascending, median, medianAbsoluteDeviation, medianInterval, quantile, theilSenSlope } from './statistics.ts';

export interface MeasureOptions {
  /** Stop after this many seconds of steady samples even if more would be better. */
  readonly maxSeconds?: number;
  readonly minSamples?: number;
}

/** Microseconds per inference. */
export interface Measurement {
  readonly medianUs: number;
  /** 95 % bootstrap interval of the median. */
  readonly confidenceUs: readonly [number, number];
  readonly minUs: number;
  readonly p90Us: number;
  readonly p99Us: number;
  /** Median absolute deviation from the median. */
  readonly madUs: number;
  /** Theil-Sen slope over the whole run, in percent of the median: heat, throttling, late compilation. */
  readonly driftPercent: number;
  readonly samples: number;
  /** Inferences in one sample, so that it lasts at least 100 steps of the clock. */
  readonly runsPerSample: number;
  /** Inferences before the first sample. */
  readonly warmUpRuns: number;
  /** Whether the last three warm-up batches agreed within 2 %. */
  readonly warm: boolean;
  /** Name of the device's clock. */
  readonly clock: string;
  readonly clockStepUs: number;
  /** `instructions`: virtual time of an emulator. */
  readonly clockCounts: 'time' | 'instructions';
  /** Every sample, in the order of time. */
  readonly raw: readonly number[];
  /** Wall time of the samples, the device's work and the way there and back. */
  readonly wallSeconds: number;
  readonly conditions: { readonly before: Conditions; readonly after: Conditions };
}

export const STEPS_PER_SAMPLE = 100;
const SAMPLE_MIN_US = 5000;
const WARM_BATCH = 5;
/** Samples that last longer make batches of one: a slow board would warm up for minutes. */
const LONG_SAMPLE_US = 50_000;
const WARM_BATCHES_MAX = 40;
/** Engines run slow code for some hundred milliseconds before they compile it again: that it is steady does not mean that it is warm. */
const WARM_SECONDS_MIN = 0.3;
const STEADY_SECONDS = 2;

async function calibrateRuns(device: Device, sampleUs: number): Promise<{ runs: number; total: number }> {
  let runs = 1;
  let total = 0;
  for (;;) {
    const elapsed = await device.time(runs);
    total += runs;
    if (elapsed >= sampleUs) return { runs, total };
    runs = Math.max(runs + 1, Math.min(runs * 10, Math.ceil((1.1 * runs * sampleUs) / Math.max(elapsed, 1))));
  }
}

/** Runs until three batch medians in a row agree within 2 %, or time is up. */
async function warmUp(device: Device, runs: number, maxSeconds: number): Promise<{ warm: boolean; total: number }> {
  const medians: number[] = [];
  let total = 0;
  let elapsedUs = 0;
  for (let batch = 0; batch < WARM_BATCHES_MAX && (elapsedUs < maxSeconds * 1e6 || batch < 3); batch++) {
    const times: number[] = [];
    do {
      times.push(await device.time(runs));
      total += runs;
      elapsedUs += times.at(-1) as number;
    } while (times.length < WARM_BATCH && (times[0] as number) < LONG_SAMPLE_US);
    medians.push(median(times));
    const last = medians.slice(-3);
    if (elapsedUs < Math.min(WARM_SECONDS_MIN, maxSeconds) * 1e6) continue;
    if (last.length === 3 && Math.max(...last) <= 1.02 * Math.min(...last)) return { warm: true, total };
  }
  return { warm: false, total };
}

/** A device that is warm, and the samples that it gave so far. */
interface Sampling {
  readonly device: Device;
  readonly clock: Clock;
  readonly runsPerSample: number;
  readonly warmUpRuns: number;
  readonly warm: boolean;
  readonly before: Conditions;
  readonly raw: number[];
  elapsedUs: number;
}

async function prepare(device: Device, maxSeconds: number): Promise<Sampling> {
  const clock = await device.clock();
  const sampleUs = Math.max(STEPS_PER_SAMPLE * clock.stepUs, SAMPLE_MIN_US);
  const before = (await device.conditions?.()) ?? {};
  const cold = await calibrateRuns(device, sampleUs);
  const { warm, total: warming } = await warmUp(device, cold.runs, maxSeconds);
  const { runs: runsPerSample, total } = await calibrateRuns(device, sampleUs);
  return { device, clock, runsPerSample, warmUpRuns: cold.total + warming + total, warm, before, raw: [], elapsedUs: 0 };
}

async function takeSample(sampling: Sampling): Promise<void> {
  const elapsed = await sampling.device.time(sampling.runsPerSample);
  sampling.raw.push(elapsed / sampling.runsPerSample);
  sampling.elapsedUs += elapsed;
}

/** The model must be deployed and have seen an input. */
export async function measure(device: Device, options: MeasureOptions = {}): Promise<Measurement> {
  const [measurement] = await measureInTurns([device], options);
  return measurement as Measurement;
}

/**
 * Takes a sample of each device in turn, every other round in the opposite order: what happens to the machine meanwhile
 * happens to all, and sample i of one belongs to sample i of the others.
 */
export async function measureInTurns(
  devices: readonly Device[],
  { maxSeconds = 10, minSamples = 30 }: MeasureOptions = {},
): Promise<Measurement[]> {
  const samplings: Sampling[] = [];
  for (const device of devices) samplings.push(await prepare(device, maxSeconds));
  const steady: Conditions[] = [];
  for (const device of devices) steady.push((await device.conditions?.()) ?? {});
  const isShort = ({ raw, elapsedUs }: Sampling) => raw.length < minSamples || elapsedUs < STEADY_SECONDS * 1e6;
  const start = performance.now();
  for (let order = [...samplings]; order.some(isShort) && order.every(({ elapsedUs }) => elapsedUs < maxSeconds * 1e6); order.reverse())
    for (const sampling of order) await takeSample(sampling);
  const wallSeconds = (performance.now() - start) / 1000;
  const measurements: Measurement[] = [];
  for (const [i, sampling] of samplings.entries()) {
    const after = (await sampling.device.conditions?.()) ?? {};
    measurements.push(summarize(sampling, steady[i] as Conditions, after, wallSeconds));
  }
  return measurements;
}

function summarize(
  { clock, runsPerSample, warmUpRuns, warm, before, raw }: Sampling,
  { cpuBusySeconds }: Conditions,
  after: Conditions,
  wallSeconds: number,
): Measurement {
  const sorted = ascending(raw);
  const medianUs = quantile(sorted, 0.5);
  return {
    medianUs,
    confidenceUs: medianInterval(raw),
    minUs: sorted[0] as number,
    p90Us: quantile(sorted, 0.9),
    p99Us: quantile(sorted, 0.99),
    madUs: medianAbsoluteDeviation(raw),
    driftPercent: (100 * theilSenSlope(raw) * (raw.length - 1)) / medianUs,
    samples: raw.length,
    runsPerSample,
    warmUpRuns,
    warm,
    clock: clock.name,
    clockStepUs: clock.stepUs,
    clockCounts: clock.counts,
    raw,
    wallSeconds,
    // Hidden during the warm-up is as bad; the work of the cores counts from the first sample.
    conditions: { before: { ...before, ...(cpuBusySeconds !== undefined && { cpuBusySeconds }) }, after },
  };
}
