/** What each layer of one run costs, whatever it is counted in. */
import { bars } from './bars.ts';
import type { Run } from './documents.ts';
import { bytes, type Content, figure, type Html, html, percent, table } from './html.ts';

interface Layer {
  readonly name: string;
  readonly op: string;
  readonly share: number;
  readonly bytes: number;
}

export interface LayerUnit<L> {
  /** For the figure: Microseconds. */
  readonly what: string;
  /** Title of the table's column. */
  readonly column: string;
  readonly costOf: (layer: L) => number;
  readonly bar: (cost: number) => string;
  readonly cell: (cost: number) => Content;
}

export function layerCosts<L extends Layer>(run: Run<unknown>, label: string, layers: readonly L[], unit: LayerUnit<L>): Html[] {
  if (!layers.length) return [];
  const { what, column, costOf, bar, cell } = unit;
  const { width, height, content } = bars(
    layers.map((layer) => ({ label: layer.name, value: costOf(layer), text: bar(costOf(layer)), tone: 'second' })),
  );
  return [
    html`<h3>${label}</h3>`,
    figure('Cost of each layer', `${what} of each layer, in the order they run.`, width, height, content),
    table(
      `Layers of ${run.name}`,
      ['layer', 'operator', column, 'share', 'bytes'],
      layers.map((layer) => [layer.name, layer.op, cell(costOf(layer)), percent(layer.share, 1), bytes(layer.bytes)]),
    ),
  ];
}
