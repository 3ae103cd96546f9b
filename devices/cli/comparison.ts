/** The comparison of `whittle bench`, for people: who is faster, and whether that can be told. */
import { type Column, table, timeText } from '../../compiler/cli/table.ts';
import type { ComparisonReport } from '../report-schema.ts';

type ComparedRun = ComparisonReport['runs'][number];

function verdict({ name, ratio = 1, confidence = [1, 1] }: ComparedRun, first: string): string {
  const [low, high] = confidence;
  if (low <= 1 && high >= 1) return `${name}: no difference from ${first} can be told`;
  const percent = (100 * Math.abs(ratio - 1)).toFixed(1);
  return `${name}: ${percent} % ${ratio < 1 ? 'less' : 'more'} time than ${first} (${(ratio < 1 ? 1 / ratio : ratio).toFixed(2)}x)`;
}

export function comparisonText({ runs }: ComparisonReport): string {
  const [first, ...others] = runs as [ComparedRun, ...ComparedRun[]];
  const columns: Column[] = [{ title: 'in turns' }, { title: 'variant' }];
  for (const title of ['median', 'min', 'MAD', 'ratio', '95 % interval']) columns.push({ title, align: 'right' });
  const rows = runs.map(({ name, report, ratio, confidence }) => [
    name,
    report.variant,
    ...[report.medianUs, report.minUs, report.madUs].map(timeText),
    ratio?.toFixed(3) ?? '1',
    confidence?.map((value) => value.toFixed(3)).join(' … ') ?? '',
  ]);
  const doubtful = runs.filter(({ report }) => !report.meaningful).map(({ name }) => `${name}: its latency means nothing, see above`);
  return [table(columns, rows), '', ...others.map((run) => verdict(run, first.name)), ...doubtful].join('\n');
}
