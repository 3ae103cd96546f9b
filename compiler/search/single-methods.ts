/**
 * What one method alone can do: the same setting on all of its targets, as mild as the budgets allow. These models are
 * candidates of the search themselves, so that what it finds is never worse than any of them; and what a method loses
 * everywhere says whether it is worth a closer look.
 */
import { type Decision, isSlow, type Kind, type Option, optionBetween, type Series } from './decisions.ts';
import type { Measured } from './laboratory.ts';
import type { Plan } from './predictor.ts';

export interface SingleMethodOptions {
  readonly decisions: readonly Decision[];
  /** Those that can pay most come first: what they lose is the measure for the others. */
  readonly kinds: readonly Kind[];
  /** Of the model without options. */
  readonly base: Measured;
  readonly fits: (measured: Measured) => boolean;
  /** undefined: the option cannot be applied. */
  readonly measure: (plan: Plan) => Promise<Measured | undefined>;
  readonly isOver: () => boolean;
  readonly onProgress: (label: string, done: number, total: number) => void;
}

export interface SingleMethod {
  /** That of the series. */
  readonly name: string;
  readonly plan: Plan;
  /** What it adds to the loss. */
  readonly loss: number;
}

export interface SingleMethods {
  /** Those that fit with a loss that may still mean few errors, the least first. */
  readonly found: readonly SingleMethod[];
  /** Names of series that fail, or lose too much before they fit. */
  readonly refused: ReadonlySet<string>;
  /** With the strengths that were tried in between. */
  readonly decisions: readonly Decision[];
}

/** Between the last strength that is too large and the first that fits. */
const BISECTIONS = 4;
/** A method that adds so many times as much loss as the best one is not looked at layer by layer. */
const CLEARLY_MORE = 4;
/** Losses that are smaller, as shares of the responses' variance, are not told apart by a probe's few samples. */
const SMALL_LOSS = 1e-3;
/** Up to so many times what int8 itself loses, the loss does not say which model has fewer errors: all of them are measured. */
const TOLERABLE = 8;
/** Answers that are this far off are of no use, and stronger settings are worse. */
export const LARGEST_LOSS = 0.5;

interface Member {
  readonly decision: Decision;
  readonly series: Series;
}

/** One option per member, from mild to strong. */
type Strengths = (readonly Option[])[];

/** A series on all of its targets. */
class Everywhere {
  readonly strengths: Strengths;
  /** The mildest measured one that fits. */
  fitting: { readonly plan: Plan; readonly loss: number } | undefined;

  constructor(
    private readonly members: readonly Member[],
    private readonly options: SingleMethodOptions,
  ) {
    const [first] = members as [Member];
    this.strengths = first.series.options.map((_, at) => members.map(({ series }) => series.options[at] as Option));
  }

  private planOf(strength: readonly Option[], members = this.members): Plan {
    return new Map(members.map((member) => [member.decision.name, strength[this.members.indexOf(member)] as Option]));
  }

  /** Of what was measured last: what it adds. */
  private loss = 0;

  private async fits(plan: Plan): Promise<boolean | undefined> {
    const { measure, base, fits } = this.options;
    const measured = await measure(plan);
    if (!measured) return undefined;
    this.loss = Math.max(0, measured.loss - base.loss);
    return fits(measured);
  }

  private async fitsEverywhere(at: number): Promise<boolean | undefined> {
    const plan = this.planOf(this.strengths[at] as readonly Option[]);
    const fits = await this.fits(plan);
    if (fits) this.fitting = { plan, loss: this.loss };
    return fits;
  }

  /** Whether the mildest strength on the largest target already loses more than that target's share of what may be lost. */
  private async failsOnLargest(largest: number): Promise<boolean> {
    const [first, ...rest] = [...this.members].sort((a, b) => b.decision.share - a.decision.share) as [Member, ...Member[]];
    if (rest.length === 0 || largest >= LARGEST_LOSS) return false;
    const fits = await this.fits(this.planOf(this.strengths[0] as readonly Option[], [first]));
    return fits === undefined || this.loss > largest * Math.min(1, first.decision.share);
  }

  /**
   * @param largest what may be lost where it is worth a closer look  @param tolerable what a model may lose that is measured
   * @returns whether it is worth a closer look: nothing failed, and no more than `largest` is lost
   */
  async search(largest: number, tolerable: number): Promise<boolean> {
    // The mildest strength first: most methods are refused by it alone, on one layer in a fraction of the time.
    if (await this.failsOnLargest(largest)) return false;
    let [low, high, next] = [0, this.strengths.length, 0];
    while (low < high && !this.options.isOver()) {
      const fits = await this.fitsEverywhere(next);
      if (fits === undefined || (!fits && this.loss > tolerable)) return false;
      if (fits) high = next;
      else low = next + 1;
      next = (low + high) >> 1;
    }
    for (let i = 0; i < BISECTIONS && this.fitting && this.fitting.loss <= tolerable && high > 0 && !this.options.isOver(); i++) {
      const [mild, strong] = [this.strengths[high - 1], this.strengths[high]] as [readonly Option[], readonly Option[]];
      const between = this.members.map(({ decision }, m) => optionBetween(decision, mild[m] as Option, strong[m] as Option));
      if (between.includes(undefined)) break;
      this.strengths.splice(high, 0, between as Option[]);
      if (!(await this.fitsEverywhere(high))) high++;
    }
    return !this.fitting || this.fitting.loss <= largest;
  }
}

export async function singleMethods(options: SingleMethodOptions): Promise<SingleMethods> {
  const { decisions, kinds, isOver, onProgress } = options;
  const members = new Map<string, Member[]>();
  const order = decisions.filter(({ kind }) => kinds.includes(kind)).sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  for (const decision of order)
    for (const series of decision.series) members.set(series.name, [...(members.get(series.name) ?? []), { decision, series }]);
  const found: SingleMethod[] = [];
  const refused = new Set<string>();
  const refined = new Map<Series, Series>();
  const largest = () => Math.min(LARGEST_LOSS, ...found.map(({ loss }) => CLEARLY_MORE * Math.max(loss, SMALL_LOSS)));
  const tolerable = () => Math.min(LARGEST_LOSS, Math.max(largest(), TOLERABLE * options.base.loss));
  const queue = [...members].sort(([, [a]], [, [b]]) => Number(isSlow((a as Member).series)) - Number(isSlow((b as Member).series)));
  for (const [i, [name, list]] of queue.entries()) {
    if (isOver()) break;
    onProgress('one method alone', i, members.size);
    // What takes that long is left for the end of the search where something quicker fits.
    if (found.length && isSlow((list[0] as Member).series)) break;
    const everywhere = new Everywhere(list, options);
    if (!(await everywhere.search(largest(), tolerable()))) refused.add(name);
    if (everywhere.fitting) found.push({ name, ...everywhere.fitting });
    list.forEach(({ series }, m) => {
      refined.set(series, { name, options: everywhere.strengths.map((strength) => strength[m] as Option) });
    });
  }
  return {
    found: found.filter(({ loss }) => loss <= tolerable()).sort((a, b) => a.loss - b.loss),
    refused,
    decisions: decisions.map((decision) => ({ ...decision, series: decision.series.map((series) => refined.get(series) ?? series) })),
  };
}
