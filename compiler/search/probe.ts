/**
 * Measures the options of every decision alone, and leaves out what cannot be chosen. What can pay most comes first, and
 * what fails where it matters most is not tried elsewhere: a search has little time.
 */
import { type Decision, isSlow, type Kind, type Option, type Series } from './decisions.ts';
import type { Metric } from './goal.ts';
import type { Measured } from './laboratory.ts';
import type { Plan, Predictor } from './predictor.ts';
import { LARGEST_LOSS } from './single-methods.ts';

export interface ProbeOptions {
  readonly decisions: readonly Decision[];
  /** In the order in which they are probed. */
  readonly kinds: readonly Kind[];
  /** Series that come last, whatever their kind: they are no good everywhere. */
  readonly refused: ReadonlySet<string>;
  readonly metrics: readonly Metric[];
  readonly predictor: Predictor;
  /** undefined: the option cannot be applied. */
  readonly measure: (plan: Plan) => Promise<Measured | undefined>;
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
/** Another option of the same target saves as much and loses less than this share. */
const CLEARLY_LESS = 0.5;
/** A series that fails on so many targets, the largest first, and on all of them, is given up. */
const FAILURES = 3;
/** Of longer series every other strength is measured; those between are interpolated. */
const FEW_STRENGTHS = 4;

/** Bytes are saved where nothing changes its shape; multiply-accumulates and time only where something does. */
const forBytes: readonly Kind[] = ['cleaning', 'precision', 'zeros', 'width', 'factors', 'ranges', 'rounding'];
const forWork: readonly Kind[] = ['cleaning', 'width', 'factors', 'zeros', 'precision', 'ranges', 'rounding'];

/** Kinds of decisions, those first that can save most of these costs. */
export function kindsFor(metrics: readonly Metric[]): readonly Kind[] {
  return metrics.every((metric) => metric === 'size' || metric === 'parameters') ? forBytes : forWork;
}

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

/** Probes series after series, as far as there is time; what is left can be probed later. */
export class Prober {
  /** By target: what its options were found to be. */
  private readonly seen = new Map<string, Probe[]>();
  /** By series: on how many targets it was of no use; undefined once it was of use. */
  private readonly failures = new Map<string, number | undefined>();
  private readonly rest: { readonly decision: Decision; readonly series: Series }[];
  private readonly total: number;

  constructor(private readonly options: ProbeOptions) {
    const { decisions, kinds } = options;
    this.rest = decisions
      .flatMap((decision) => decision.series.map((series) => ({ decision, series })))
      .sort(
        (a, b) =>
          Number(this.comesLast(a.series)) - Number(this.comesLast(b.series)) ||
          kinds.indexOf(a.decision.kind) - kinds.indexOf(b.decision.kind) ||
          b.decision.share - a.decision.share,
      );
    this.total = this.rest.length;
  }

  private comesLast(series: Series): boolean {
    return this.options.refused.has(series.name) || isSlow(series);
  }

  /** How many series are left that nothing speaks against. */
  get promising(): number {
    return this.rest.filter(({ series }) => !this.comesLast(series)).length;
  }

  /** @param limit at most so many series */
  async probe(isOver: () => boolean, limit = Number.POSITIVE_INFINITY): Promise<void> {
    for (let i = 0; i < limit && !isOver(); i++) {
      const next = this.rest.shift();
      if (!next) return;
      this.options.onProgress(next.decision.kind, this.total - this.rest.length, this.total);
      await this.probeSeries(next.decision, next.series, isOver);
    }
  }

  private async probeSeries(decision: Decision, series: Series, isOver: () => boolean): Promise<void> {
    const failures = this.failures.has(series.name) ? this.failures.get(series.name) : 0;
    if (failures !== undefined && failures >= FAILURES) return;
    const { options } = series;
    const middle = (options.length - 1) >> 1;
    // Whether a series is any good is seen in the middle.
    const found = await this.probeOption(decision, options[middle] as Option);
    const others = this.seen.get(decision.target) ?? [];
    // Where the middle goes too far, what is milder may still be of use.
    const isPromising = (isUseful(found) && !isClearlyWorse(found, others)) || found.loss >= LARGEST_LOSS;
    this.failures.set(series.name, isPromising || failures === undefined ? undefined : failures + 1);
    if (!isPromising) return;
    const stride = options.length > FEW_STRENGTHS ? 2 : 1;
    for (let at = middle - stride; at >= 0 && !isOver(); at -= stride) {
      if (isClearlyWorse(await this.probeOption(decision, options[at] as Option), others)) break;
    }
    for (let at = middle + stride, { loss } = found; at < options.length && loss < LARGEST_LOSS && !isOver(); at += stride)
      ({ loss } = await this.probeOption(decision, options[at] as Option));
    // Roundings and ranges save nothing: theirs is a gain or none.
    if (options.length > 1) this.options.predictor.smooth(series);
  }

  private async probeOption(decision: Decision, option: Option): Promise<Probe> {
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
