/** Latency on every device, one scale; instructions of emulated boards apart, because they are no time. */
import { timeText } from '../../compiler/cli/table.ts';
import { type Bar, bars } from './bars.ts';
import type { BenchDocument, LayerTime, Run } from './documents.ts';
import { bytes, type Content, figure, type Html, html, microseconds, number, table } from './html.ts';

type Measured = BenchDocument & { readonly confidenceUs?: readonly [number, number]; readonly warnings?: readonly string[] };

function intervalOf(document: Measured): readonly [number, number] {
  return document.confidenceUs ?? [document.medianUs - document.madUs, document.medianUs + document.madUs];
}

function labelOf({ name, document }: Run<BenchDocument>): string {
  return `${name} (${document.device}, ${document.variant})`;
}

export function latencySection(runs: readonly Run<BenchDocument>[]): Html[] {
  const timed = runs.filter(({ document }) => typeof document.medianUs === 'number');
  if (!timed.length) return [];
  const list: Bar[] = timed.map((run) => ({
    label: labelOf(run),
    value: run.document.medianUs,
    text: timeText(run.document.medianUs),
    interval: intervalOf(run.document),
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
  const warnings = timed.flatMap((run) => {
    const { warm, warnings: own = [] } = run.document as Measured;
    return [...(warm ? [] : ['the times did not settle during warm-up: read the minimum']), ...own].map(
      (text) => html`<li>${labelOf(run)}: ${text}</li>`,
    );
  });
  return [
    figure(
      'Median latency of one inference',
      'Median of one inference; the whiskers are its 95 % interval, or the median absolute deviation.',
      width,
      height,
      content,
    ),
    warnings.length ? html`<ul class="warnings">${warnings}</ul>` : html``,
    table('Latency', ['run', 'median', 'min', 'p90', 'p99', 'MAD', 'samples', 'load', 'first', 'code', 'model', 'arena'], rows),
  ];
}

/** Microseconds or instructions of a layer. */
function costOf({ us, instructions }: LayerTime): number {
  return us ?? instructions ?? 0;
}

export function layerTimeSection(runs: readonly Run<BenchDocument>[]): Html[] {
  return runs.flatMap((run) => {
    const layers = run.document.perLayer;
    if (!layers?.length) return [];
    const isTime = layers.some(({ us }) => typeof us === 'number');
    const total = layers.reduce((sum, layer) => sum + costOf(layer), 0);
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
          `${((100 * costOf(layer)) / total).toFixed(1)} %`,
          layer.bytes === undefined ? '' : bytes(layer.bytes),
        ]),
      ),
    ];
  });
}
