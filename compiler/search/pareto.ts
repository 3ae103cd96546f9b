/** Candidates that no other one beats in everything. */
import type { Costs, Metric } from './goal.ts';

export interface Point {
  readonly costs: Costs;
  readonly drop: number;
}

/** Those of the points that are smaller than every other one in some of these costs or in the drop; the cheapest first. */
export function paretoFront<P extends Point>(points: readonly P[], metrics: readonly Metric[]): P[] {
  const values = ({ costs, drop }: P) => [...metrics.map((metric) => costs[metric] ?? Number.POSITIVE_INFINITY), drop];
  const beats = (a: number[], b: number[]) =>
    a.every((value, i) => value <= (b[i] as number)) && a.some((value, i) => value < (b[i] as number));
  const front = points.filter((point) => !points.some((other) => beats(values(other), values(point))));
  const distinct = front.filter(
    (point, i) => front.findIndex((other) => values(other).every((value, k) => value === values(point)[k])) === i,
  );
  return distinct.sort((a, b) => (values(a)[0] as number) - (values(b)[0] as number));
}
