/** What `whittle search` tells people. */
import type { Metric } from '../search/goal.ts';
import type { Measured } from '../search/laboratory.ts';
import type { Candidate } from '../search/trials.ts';
import { bytesText, grouped, percentText, table, timeText } from './table.ts';

function costText(metric: Metric, value: number | undefined): string {
  if (value === undefined) return '';
  if (metric === 'size') return bytesText(value);
  return metric === 'time' ? timeText(value) : grouped(value);
}

/** `size 59.1 KB, macs 12 501 632, drop 0.06 points` */
export function measuredText({ costs, drop }: Measured, shown: readonly Metric[]): string {
  return [...shown.map((metric) => `${metric} ${costText(metric, costs[metric])}`), `drop ${drop.toFixed(2)} points`].join(', ');
}

function candidatesTable(candidates: readonly Candidate[], shown: readonly Metric[], noteOf: (candidate: Candidate) => string): string {
  const right = { align: 'right' } as const;
  return table(
    [...shown.map((title) => ({ title, ...right })), { title: 'drop', ...right }, { title: 'quality', ...right }, { title: '' }],
    candidates.map((candidate) => {
      const { costs, drop, top1, agreement } = candidate.measured;
      const quality = top1 === undefined ? `${percentText(agreement)} agree` : percentText(top1);
      return [...shown.map((metric) => costText(metric, costs[metric])), drop.toFixed(2), quality, noteOf(candidate)];
    }),
  );
}

export interface Findings {
  readonly best: Candidate;
  readonly candidates: readonly Candidate[];
  /** Those that no other one beats. */
  readonly front: readonly Candidate[];
}

/** The Pareto front, and what one method alone reached. */
export function findingsText({ best, candidates, front }: Findings, shown: readonly Metric[]): string {
  const written = (candidate: Candidate) => (candidate === best ? 'written' : '');
  const singles = candidates.filter(({ single }) => single !== undefined);
  const lines = [candidatesTable(front, shown, written)];
  if (singles.length)
    lines.push(
      '',
      'one method alone, at the mildest strength that fits:',
      candidatesTable(singles, shown, ({ plan, single }) => {
        const [first] = plan.values();
        return `${single}: ${first?.name.split(' on ')[0]}`;
      }),
    );
  return lines.join('\n');
}
