/**
 * Measures the options of every decision alone, and leaves out what cannot be chosen. What can pay most comes first, and
 * what fails where it matters most is not tried elsewhere: a search has little time.
 */
import type { Decision, Kind, Option, Series } from './decisions.ts';
import type { Metric } from './goal.ts';
import type { Measured } from './laboratory.ts';
import type { Plan, Predictor } from './predictor.ts';

export interface ProbeOptions {
  readonly decisions: readonly Decision[];
  readonly metrics: readonly Metric[];
  readonly predictor: Predictor;
  /** undefined: the option cannot be applied. */
  readonly measure: (plan: Plan) => Promise<Measured | undefined>;
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
/** A series that fails on so many targets, the largest first, and on all of them, is given up. */
const FAILURES = 3;

/** Bytes are saved where nothing changes its shape; multiply-accumulates and time only where something does. */
const forBytes: readonly Kind[] = ['cleaning', 'precision', 'zeros', 'width', 'factors', 'rounding'];
const forWork: readonly Kind[] = ['cleaning', 'width', 'factors', 'zeros', 'precision', 'rounding'];

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
  if (probe.loss <= 0) return false;
  return others.some(
    (other) => other.saved.every((share, k) => share >= (probe.saved[k] as number)) && other.loss < CLEARLY_LESS * probe.loss,
  );
}

function middleOf({ options }: Series): Option {
  return options[(options.length - 1) >> 1] as Option;
}

export async function probeOptions(options: ProbeOptions): Promise<void> {
  const { decisions, metrics, isOver, onProgress } = options;
  const kinds = metrics.every((metric) => metric === 'size' || metric === 'parameters') ? forBytes : forWork;
  const prober = new Prober(options);
  const order = decisions
    .flatMap((decision) => decision.series.map((series) => ({ decision, series })))
    .sort((a, b) => kinds.indexOf(a.decision.kind) - kinds.indexOf(b.decision.kind) || b.decision.share - a.decision.share);
  for (const kind of kinds) {
    const list = order.filter(({ decision }) => decision.kind === kind);
    for (const [i, { decision, series }] of list.entries()) {
      if (isOver()) return;
      onProgress(kind, i, list.length);
      await prober.probeSeries(decision, series);
    }
  }
}

class Prober {
  /** By target: what its options were found to be. */
  private readonly seen = new Map<string, Probe[]>();
  /** By series: on how many targets it was of no use; undefined once it was of use. */
  private readonly failures = new Map<string, number | undefined>();

  constructor(private readonly options: ProbeOptions) {}

  async probeSeries(decision: Decision, series: Series): Promise<void> {
    const failures = this.failures.has(series.name) ? this.failures.get(series.name) : 0;
    if (failures !== undefined && failures >= FAILURES) return;
    const middle = middleOf(series);
    const found = await this.probe(decision, middle);
    const others = this.seen.get(decision.target) ?? [];
    // Where the middle goes too far, what is milder may still be of use.
    const isPromising = (isUseful(found) && !isClearlyWorse(found, others)) || found.loss >= LARGEST_LOSS;
    this.failures.set(series.name, isPromising || failures === undefined ? undefined : failures + 1);
    if (!isPromising) return;
    const at = series.options.indexOf(middle);
    for (const option of series.options.slice(0, at).reverse()) {
      if (this.options.isOver()) return;
      const milder = await this.probe(decision, option);
      if (isClearlyWorse(milder, others)) break;
    }
    if (found.loss >= LARGEST_LOSS) return;
    for (const option of series.options.slice(at + 1)) {
      if (this.options.isOver() || (await this.probe(decision, option)).loss >= LARGEST_LOSS) return;
    }
  }

  private async probe(decision: Decision, option: Option): Promise<Probe> {
    const { measure, base, metrics, predictor } = this.options;
    const measured = await measure(new Map([[decision.name, option]]));
    if (!measured) return { saved: metrics.map(() => 0), loss: Number.POSITIVE_INFINITY };
    const found = probeOf(measured, base, metrics);
    const seen = this.seen.get(decision.target) ?? [];
    this.seen.set(decision.target, seen);
    seen.push(found);
    if (isUseful(found)) predictor.learn(new Map(), decision, option, base, measured);
    return found;
  }
}
