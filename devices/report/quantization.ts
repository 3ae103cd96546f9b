/** What int8 costs in each layer: signal to quantization noise against the float model. */
import { bars } from './bars.ts';
import type { CompileDocument, Run } from './documents.ts';
import { bytes, figure, type Html, html, number, table } from './html.ts';

export function quantizationSection(runs: readonly Run<CompileDocument>[]): Html[] {
  return runs.flatMap(({ name, document: { layers } }) => {
    const measured = layers.filter(({ sqnr }) => typeof sqnr === 'number');
    if (!measured.length) return [];
    const worst = measured.reduce((a, b) => ((b.sqnr as number) < (a.sqnr as number) ? b : a));
    const { width, height, content } = bars(
      measured.map(({ node, sqnr = 0 }) => ({
        label: node,
        value: sqnr,
        text: `${sqnr.toFixed(1)} dB`,
        tone: node === worst.node ? 'second' : 'first',
      })),
    );
    return [
      html`<h3>${name}</h3>`,
      figure(
        'Signal to quantization noise',
        `Signal to quantization noise of each layer's output, with the error of all layers before it; lowest at ${worst.node}.`,
        width,
        height,
        content,
      ),
      table(
        `Layers of ${name}`,
        ['layer', 'operator', 'type', 'MACs', 'constants', 'SQNR dB', 'cosine'],
        layers.map((layer) => [
          layer.node,
          layer.operator,
          layer.reason ? `${layer.dtype}: ${layer.reason}` : layer.dtype,
          number(layer.macs),
          bytes(layer.constantBytes),
          typeof layer.sqnr === 'number' ? number(layer.sqnr, layer.sqnr.toFixed(1)) : '',
          typeof layer.cosine === 'number' ? number(layer.cosine, layer.cosine.toFixed(5)) : '',
        ]),
      ),
    ];
  });
}
