/** What `compress` and `search` did: stage by stage, layer by layer, predicted and measured. */
import type { CompressedLayer, LayerChange, Stage } from '../../compiler/compression/report.ts';
import type { CompressDocument, Run } from './documents.ts';
import { bytes, type Content, type Html, html, number, percent, table } from './html.ts';

function quality({ measured }: Stage): Content {
  if (!measured) return '';
  return measured.top1 === undefined ? html`${percent(measured.agreement)} agree` : html`${percent(measured.top1)} top-1`;
}

function factText(value: number | string | readonly number[]): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : value.join(' → ');
}

/** `magnitude-pruning: pruned, sparsity 0.5` */
function changeText({ method, action, reason, facts = {} }: LayerChange): string {
  return `${method}: ${[action, ...Object.entries(facts).map(([name, value]) => `${name} ${factText(value)}`), ...(reason ? [reason] : [])].join(', ')}`;
}

function errorCell(error: number | undefined): Content {
  return error === undefined ? '' : number(error, error.toPrecision(2));
}

/** Now, and in the original where that was another number. */
function fromTo(now: number, before: number | undefined): Content {
  return before === undefined || before === now ? number(now) : html`${number(before)} → ${number(now)}`;
}

function layerRow(layer: CompressedLayer): Content[] {
  return [
    layer.layer,
    layer.changes
      .filter(({ action }) => action !== 'kept')
      .map(changeText)
      .join('; '),
    layer.original && layer.original.outputs !== layer.outputs ? `${layer.original.outputs} → ${layer.outputs}` : String(layer.outputs),
    fromTo(layer.parameters, layer.original?.parameters),
    number(layer.nonzeroParameters),
    fromTo(layer.macs, layer.original?.macs),
    errorCell(layer.predictedError),
    errorCell(layer.measuredError),
    layer.sqnr === undefined ? '' : number(layer.sqnr, layer.sqnr.toFixed(1)),
    bytes(layer.bytes),
    [layer.dtype, layer.encoding?.encoding].filter(Boolean).join(', '),
  ];
}

export function compressionSection(runs: readonly Run<CompressDocument>[]): Html[] {
  return runs.map(({ name, document }) => {
    const stages = document.waterfall.map((stage): Content[] => [
      stage.stage,
      number(stage.parameters),
      number(stage.nonzeroParameters),
      number(stage.macs),
      quality(stage),
    ]);
    const removed = document.removed.map(({ layer, changes }) => html`<li>${layer}: ${changes.map(changeText).join('; ')}</li>`);
    return html`<h3>${name}</h3>
${table(`Stages of ${name}`, ['stage', 'parameters', 'not zero', 'MACs', 'quality'], stages)}
${table(
  `Compressed layers of ${name}`,
  ['layer', 'what was done', 'width', 'parameters', 'not zero', 'MACs', 'predicted error', 'measured error', 'SQNR dB', 'bytes', 'stored'],
  document.layers.map(layerRow),
)}
${removed.length ? html`<p>Layers that are gone:</p><ul>${removed}</ul>` : html``}`;
  });
}
