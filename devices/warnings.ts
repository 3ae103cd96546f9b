/** Why a number of a report means less than it seems, or nothing. */
import type { Deployed } from './device.ts';
import { type Measurement, STEPS_PER_SAMPLE } from './measure.ts';

export interface MeasurementWarning {
  readonly code:
    | 'hidden-page'
    | 'coarse-clock'
    | 'coarse-load'
    | 'unsettled'
    | 'drift'
    | 'busy-machine'
    | 'thermal'
    | 'power-saving'
    | 'virtual-time';
  readonly message: string;
  /** The numbers that mean nothing because of it: steady latency, or load, compilation, download and first run. None: good to know. */
  readonly affects: readonly ('latency' | 'load')[];
}

const DRIFT_PERCENT_MAX = 5;
const SCATTER_PERCENT_MAX = 5;
/** Of all cores: with less left over, the measured thread waits for others. */
const FREE_CORES_MIN = 0.5;
/** A single reading of a clock is wrong by up to a step at both ends. */
const LOAD_STEPS_MIN = 10;

type Judge = (measurement: Measurement, deployed: Deployed) => MeasurementWarning | undefined;

const hiddenPage: Judge = ({ conditions: { before, after } }) => {
  const wasHidden = before.visible === false || after.visible === false || (after.hiddenCount ?? 0) > (before.hiddenCount ?? 0);
  return wasHidden
    ? {
        code: 'hidden-page',
        message: 'the page was in the background, where browsers slow it down: keep it in front and the screen on, then measure again',
        affects: ['latency'],
      }
    : undefined;
};

const coarseClock: Judge = ({ clockStepUs, runsPerSample, minUs, raw }) => {
  const steps = (minUs * runsPerSample) / clockStepUs;
  return raw.length && steps < STEPS_PER_SAMPLE * 0.5
    ? {
        code: 'coarse-clock',
        message: `a sample lasts ${steps.toFixed(0)} steps of the clock (${Number(clockStepUs.toPrecision(3))} µs), ${STEPS_PER_SAMPLE} are needed: allow more time with --max-secs`,
        affects: ['latency'],
      }
    : undefined;
};

const coarseLoad: Judge = ({ clockStepUs }, deployed) => {
  const coarse = (['fetchUs', 'compileUs', 'loadUs', 'firstUs'] as const).filter(
    (name) => deployed[name] !== undefined && (deployed[name] as number) < LOAD_STEPS_MIN * clockStepUs,
  );
  // A fine clock measures short things well enough.
  return coarse.length && clockStepUs > 50
    ? {
        code: 'coarse-load',
        message: `${coarse.join(', ')}: shorter than ${LOAD_STEPS_MIN} steps of the clock (${Number(clockStepUs.toPrecision(3))} µs); a cross-origin isolated page has a finer one`,
        affects: ['load'],
      }
    : undefined;
};

const unsettled: Judge = ({ warm }) =>
  warm
    ? undefined
    : { code: 'unsettled', message: 'the times did not settle within 2 % during the warm-up: read the minimum', affects: ['latency'] };

const drift: Judge = ({ driftPercent }) =>
  Math.abs(driftPercent) > DRIFT_PERCENT_MAX
    ? {
        code: 'drift',
        message: `the times ${driftPercent > 0 ? 'rose' : 'fell'} by ${Math.abs(driftPercent).toFixed(1)} % during the run: ${driftPercent > 0 ? 'heat or other work; let the device cool down' : 'it was not warm, or other work ended'}, then measure again`,
        affects: ['latency'],
      }
    : undefined;

const busyMachine: Judge = ({ conditions: { before, after }, wallSeconds, madUs, medianUs }) => {
  const reasons: string[] = [];
  const { cpuCores = 0, cpuBusySeconds } = after;
  if (cpuCores > 1 && cpuBusySeconds !== undefined && before.cpuBusySeconds !== undefined) {
    const busy = (cpuBusySeconds - before.cpuBusySeconds) / wallSeconds;
    if (busy > cpuCores - FREE_CORES_MIN) reasons.push(`${busy.toFixed(1)} of ${cpuCores} cores were busy`);
  }
  const scatter = (100 * madUs) / medianUs;
  if (scatter > SCATTER_PERCENT_MAX) reasons.push(`the samples scatter by ${scatter.toFixed(1)} %`);
  return reasons.length
    ? {
        code: 'busy-machine',
        message: `the device is busy with other work (${reasons.join(', ')}): stop it, then measure again`,
        affects: ['latency'],
      }
    : undefined;
};

const thermal: Judge = ({ conditions: { before, after } }) => {
  const status = Math.max(before.thermalStatus ?? 0, after.thermalStatus ?? 0);
  const names = ['none', 'light', 'moderate', 'severe', 'critical', 'emergency', 'shutdown'];
  return status > 0
    ? {
        code: 'thermal',
        message: `the device throttles itself (thermal status ${names[status] ?? status}): let it cool down, then measure again`,
        affects: status > 1 ? ['latency'] : [],
      }
    : undefined;
};

const powerSaving: Judge = ({ conditions: { before, after } }) =>
  before.powerSaving || after.powerSaving
    ? { code: 'power-saving', message: 'the battery saver is on and slows the device down: switch it off', affects: ['latency'] }
    : undefined;

const virtualTime: Judge = ({ clockCounts }) =>
  clockCounts === 'instructions'
    ? {
        code: 'virtual-time',
        message: 'an emulator: the times are counted instructions, 1 ns each, and no measure of real time',
        affects: [],
      }
    : undefined;

const judges: readonly Judge[] = [hiddenPage, coarseClock, coarseLoad, unsettled, drift, busyMachine, thermal, powerSaving, virtualTime];

export function warningsOf(measurement: Measurement, deployed: Deployed): MeasurementWarning[] {
  return judges.map((judge) => judge(measurement, deployed)).filter((warning) => warning !== undefined);
}
