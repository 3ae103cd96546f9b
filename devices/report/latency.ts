/** Latency on every device, one scale; instructions of emulated boards apart, because they are no time. */
import { timeText } from '../../compiler/cli/table.ts';
import type { LayerProfile } from '../profile.ts';
import type { BenchReport } from '../report-schema.ts';
import { type Bar, bars } from './bars.ts';
import type { Run } from './documents.ts';
import { bytes, type Content, figure, type Html, html, microseconds, number, percent, table } from './html.ts';

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

export function layerTimeSection(runs: readonly Run<BenchReport>[]): Html[] {
  return runs.flatMap((run) => {
    const layers = run.document.perLayer;
    if (!layers?.length) return [];
    // An emulator counts a nanosecond per instruction.
    const isTime = run.document.clockCounts === 'time';
    const costOf = ({ us }: LayerProfile) => (isTime ? us : Math.round(us * 1000));
    const text = (value: number) => (isTime ? timeText(value) : value.toLocaleString('en'));
    const { width, height, content } = bars(
      layers.map((layer) => ({ label: layer.name, value: costOf(layer), text: text(costOf(layer)), tone: 'second' })),
    );
    return [
      html`<h3>${labelOf(run)}</h3>`,
      figure(
        'Cost of each layer',
        `${isTime ? 'Microseconds' : 'Instructions'} of each layer, in the order they run.`,
        width,
        height,
        content,
      ),
      table(
        `Layers of ${run.name}`,
        ['layer', 'operator', isTime ? 'time' : 'instructions', 'share', 'bytes'],
        layers.map((layer) => [
          layer.name,
          layer.op,
          isTime ? microseconds(costOf(layer)) : number(costOf(layer)),
          percent(layer.share, 1),
          bytes(layer.bytes),
        ]),
      ),
    ];
  });
}
