/** Latency on every device, one scale. */
import { timeText } from '../../compiler/cli/table.ts';
import type { BenchReport, ComparisonReport } from '../report-schema.ts';
import { type Bar, bars } from './bars.ts';
import type { Run } from './documents.ts';
import { bytes, type Content, figure, type Html, html, microseconds, number, table } from './html.ts';
import { layerCosts } from './layers.ts';

function labelOf({ name, document }: Run<BenchReport>): string {
  return `${name} (${document.device}, ${document.variant})`;
}

export function latencySection(runs: readonly Run<BenchReport>[]): Html[] {
  const timed = runs.filter(({ document }) => typeof document.medianUs === 'number');
  if (!timed.length) return [];
  const list: Bar[] = timed.map((run) => ({
    label: labelOf(run),
    value: run.document.medianUs,
    text: timeText(run.document.medianUs),
    interval: run.document.confidenceUs,
  }));
  const { width, height, content } = bars(list);
  const rows = timed.map((run): Content[] => {
    const { medianUs, minUs, p90Us, p99Us, madUs, samples, loadUs, firstUs, codeBytes, modelBytes, arenaBytes } = run.document;
    const times = [medianUs, minUs, p90Us, p99Us, madUs].map(microseconds);
    return [
      labelOf(run),
      ...times,
      number(samples),
      microseconds(loadUs),
      microseconds(firstUs),
      bytes(codeBytes),
      bytes(modelBytes),
      bytes(arenaBytes),
    ];
  });
  const warnings = timed.flatMap((run) =>
    run.document.warnings.map(({ message, affects }) => {
      const subject = { latency: 'the latency means nothing', load: 'load and first run mean nothing' };
      const reasons = affects.map((what) => subject[what]).join(', ');
      return html`<li>${labelOf(run)}: ${reasons ? html`<strong>${reasons}</strong>: ` : ''}${message}</li>`;
    }),
  );
  return [
    figure('Median latency of one inference', 'Median of one inference; the whiskers are its 95 % interval.', width, height, content),
    warnings.length ? html`<ul class="warnings">${warnings}</ul>` : html``,
    table('Latency', ['run', 'median', 'min', 'p90', 'p99', 'MAD', 'samples', 'load', 'first', 'code', 'model', 'arena'], rows),
  ];
}

/** What was measured in turns: how many times the time of the first. */
export function comparisonSection(comparisons: readonly Run<ComparisonReport>[]): Html[] {
  return comparisons.map(({ name, document: { runs } }) => {
    const [first, ...others] = runs;
    const rows = others.flatMap(({ name: other, ratio, confidence }): Content[][] => {
      if (ratio === undefined || confidence === undefined) return [];
      const [low, high] = confidence.map((value) => number(value, value.toFixed(3))) as [Html, Html];
      return [[other, number(ratio, ratio.toFixed(3)), low, high]];
    });
    return table(`${name}: in turns with ${first?.name}`, ['run', 'of its time', '95 % from', 'to'], rows);
  });
}

export function layerTimeSection(runs: readonly Run<BenchReport>[]): Html[] {
  return runs.flatMap((run) =>
    layerCosts(run, labelOf(run), run.document.perLayer ?? [], {
      what: 'Microseconds',
      column: 'time',
      costOf: ({ us }) => us,
      bar: timeText,
      cell: microseconds,
    }),
  );
}
