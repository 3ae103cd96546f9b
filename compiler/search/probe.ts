/** Measures the options of every decision alone, and leaves out what cannot be chosen. */
import type { Decision, Option, Series } from './decisions.ts';
import type { Metric } from './goal.ts';
import type { Measured } from './laboratory.ts';
import type { Plan, Predictor } from './predictor.ts';

export interface ProbeOptions {
  readonly decisions: readonly Decision[];
  readonly metrics: readonly Metric[];
  readonly predictor: Predictor;
  readonly measure: (plan: Plan) => Promise<Measured>;
  readonly isOver: () => boolean;
  /** Of the model without options. */
  readonly base: Measured;
  readonly onProgress: (label: string, done: number, total: number) => void;
}

interface Probe {
  /** Share of each cost that is saved; negative: it costs more. */
  readonly saved: readonly number[];
  /** What it adds to the loss. */
  readonly loss: number;
}

/** A saving of less than a thousandth is none. */
const LEAST_SAVING = 0.001;
/** Answers that are this far off are of no use, and stronger settings are worse. */
const LARGEST_LOSS = 0.5;
/** Another option of the same target saves as much and loses less than this share. */
const CLEARLY_LESS = 0.5;

function probeOf({ costs, loss }: Measured, base: Measured, metrics: readonly Metric[]): Probe {
  return {
    saved: metrics.map((metric) => 1 - (costs[metric] ?? 0) / (base.costs[metric] || 1)),
    loss: loss - base.loss,
  };
}

function isUseful({ saved, loss }: Probe): boolean {
  return loss < LARGEST_LOSS && (saved.some((share) => share >= LEAST_SAVING) || loss < 0);
}

function isClearlyWorse(probe: Probe, others: readonly Probe[]): boolean {
  return others.some(
    (other) => other.saved.every((share, k) => share >= (probe.saved[k] as number)) && other.loss < CLEARLY_LESS * probe.loss,
  );
}

export async function probeOptions({ decisions, metrics, predictor, measure, isOver, base, onProgress }: ProbeOptions): Promise<void> {
  const seen = new Map<string, Probe[]>();
  const probe = async (decision: Decision, option: Option): Promise<Probe> => {
    const measured = await measure(new Map([[decision.name, option]]));
    const found = probeOf(measured, base, metrics);
    seen.set(decision.target, [...(seen.get(decision.target) ?? []), found]);
    if (isUseful(found)) predictor.learn(new Map(), decision, option, base, measured);
    return found;
  };
  const all = decisions.flatMap((decision) => decision.series.map((series) => ({ decision, series, middle: middleOf(series) })));
  const middles = new Map<Series, Probe>();
  for (const [i, { decision, series, middle }] of all.entries()) {
    if (isOver()) return;
    onProgress('options', i, all.length);
    middles.set(series, await probe(decision, middle));
  }
  // What some setting of another series does better by far in the middle is not looked at further.
  const worth = all.filter(({ decision, series }) => {
    const found = middles.get(series) as Probe;
    return (isUseful(found) || found.loss >= LARGEST_LOSS) && !isClearlyWorse(found, seen.get(decision.target) as Probe[]);
  });
  for (const [i, { decision, series, middle }] of worth.entries()) {
    const at = series.options.indexOf(middle);
    onProgress('settings', i, worth.length);
    for (const option of series.options.slice(0, at)) {
      if (isOver()) return;
      await probe(decision, option);
    }
    for (const option of series.options.slice(at + 1)) {
      if (isOver() || (middles.get(series) as Probe).loss >= LARGEST_LOSS) break;
      if ((await probe(decision, option)).loss >= LARGEST_LOSS) break;
    }
  }
}

function middleOf({ options }: Series): Option {
  return options[(options.length - 1) >> 1] as Option;
}
