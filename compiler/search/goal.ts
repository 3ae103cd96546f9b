/**
 * What a search is to reach: limits, one after the other.
 *
 *     size<=60KB,drop<=0.5
 *
 * Limits on costs are budgets: within them the drop is made as small as possible. With a limit on the drop alone, the
 * size is.
 */
import { UsageError } from '../errors.ts';

/** What a compressed model costs, and what it may cost. */
export const metrics = ['size', 'parameters', 'macs', 'time', 'instructions'] as const;
export type Metric = (typeof metrics)[number];

/** Bytes, numbers that are not zero, multiply-accumulates, microseconds, instructions: by metric. */
export type Costs = Readonly<Partial<Record<Metric, number>>>;

export interface Goal {
  /** As the user wrote it. */
  readonly text: string;
  readonly budgets: Costs;
  /** Percentage points that the quality may fall. */
  readonly drop?: number;
}

interface Quantity {
  /** Unit → factor; '' where none is written. */
  readonly units: Readonly<Record<string, number>>;
  readonly example: string;
}

const counts: Quantity['units'] = { '': 1, K: 1e3, k: 1e3, M: 1e6, G: 1e9 };
const quantities: Readonly<Record<Metric | 'drop', Quantity>> = {
  size: { units: { '': 1, B: 1, KB: 1024, kB: 1024, KiB: 1024, MB: 1024 ** 2, MiB: 1024 ** 2 }, example: 'size<=60KB' },
  parameters: { units: counts, example: 'parameters<=40k' },
  macs: { units: counts, example: 'macs<=6M' },
  time: { units: { us: 1, µs: 1, ms: 1e3, s: 1e6 }, example: 'time<=2ms' },
  instructions: { units: counts, example: 'instructions<=12M' },
  drop: { units: { '': 1, '%': 1, points: 1 }, example: 'drop<=0.5' },
};
const otherNames: Readonly<Record<string, Metric>> = { bytes: 'size', params: 'parameters', latency: 'time' };

const examples = Object.values(quantities)
  .map(({ example }) => example)
  .join(', ');

function parseLimit(text: string): { quantity: Metric | 'drop'; limit: number } | string {
  const match = /^\s*([a-z]+)\s*<=?\s*(\d+(?:\.\d+)?)\s*([^\s\d.]*)\s*$/i.exec(text);
  if (!match) return `"${text}" is no limit`;
  const [, name, digits, unit] = match as unknown as [string, string, string, string];
  const lower = name.toLowerCase();
  const quantity = otherNames[lower] ?? (Object.keys(quantities).includes(lower) ? (lower as Metric | 'drop') : undefined);
  if (!quantity) return `"${name}" cannot be limited`;
  const factor = quantities[quantity].units[unit];
  if (factor === undefined) {
    const known = Object.keys(quantities[quantity].units).filter((key) => key !== '');
    return `"${text}": ${unit ? `the unit "${unit}" is unknown` : 'it has no unit'}; ${quantity} is written in ${known.join(', ')}`;
  }
  return { quantity, limit: Number(digits) * factor };
}

/** @throws UsageError with everything that cannot be read. */
export function parseGoal(text: string): Goal {
  const problems: string[] = [];
  const limits = new Map<Metric | 'drop', number>();
  for (const part of text.split(',')) {
    const parsed = parseLimit(part);
    if (typeof parsed === 'string') problems.push(parsed);
    else if (limits.has(parsed.quantity)) problems.push(`${parsed.quantity} is limited twice`);
    else limits.set(parsed.quantity, parsed.limit);
  }
  if (problems.length) throw new UsageError(`--goal "${text}": ${problems.join('; ')}; a goal is a list of limits such as ${examples}`);
  const { drop, ...budgets } = Object.fromEntries(limits) as Partial<Record<Metric | 'drop', number>>;
  return { text, budgets, ...(drop !== undefined && { drop }) };
}

/** What was reached. */
export interface Reached {
  readonly costs: Costs;
  /** Percentage points. */
  readonly drop: number;
}

/** How far beyond its limits this is: 0 when the goal is met, else the sum of the shares by which limits are exceeded. */
export function violation({ budgets, drop }: Goal, reached: Reached): number {
  const excess = (value: number, limit: number) => Math.max(0, value - limit) / Math.max(limit, 1e-9);
  const over = Object.entries(budgets).map(([metric, limit]) => excess(reached.costs[metric as Metric] ?? Number.POSITIVE_INFINITY, limit));
  // Points are compared with one point: a limit of 0 is not infinitely far away.
  if (drop !== undefined) over.push(Math.max(0, reached.drop - drop) / Math.max(drop, 1));
  return over.reduce((sum, value) => sum + value, 0);
}

/**
 * Whether `a` is closer to the goal than `b`: nearer to its limits; within them the smaller drop and, of equal ones, the
 * smaller file; the smaller file first where the drop alone is limited.
 */
export function isBetter(goal: Goal, a: Reached & { readonly loss: number }, b: Reached & { readonly loss: number }): boolean {
  const [over, other] = [violation(goal, a), violation(goal, b)];
  if (over !== other) return over < other;
  const order = (reached: typeof a): number[] =>
    hasBudget(goal) ? [reached.drop, reached.costs.size ?? 0, reached.loss] : [reached.costs.size ?? 0, reached.drop, reached.loss];
  const [left, right] = [order(a), order(b)];
  const at = left.findIndex((value, i) => value !== right[i]);
  return at >= 0 && (left[at] as number) < (right[at] as number);
}

export function hasBudget({ budgets }: Goal): boolean {
  return Object.keys(budgets).length > 0;
}
