/** What `search` measured: size to the right, drop upwards; the front is what nothing beats. */
import { bytesText } from '../../compiler/cli/table.ts';
import type { CompressDocument, Run } from './documents.ts';
import { bytes, type Content, figure, type Html, html, number, percent, table } from './html.ts';

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 60;
const BOTTOM = 28;

type Candidates = NonNullable<CompressDocument['candidates']>;

const sizeOf = ({ costs }: Candidates[number]) => costs.size ?? 0;

/** Room at both ends, so that no point lies on an axis. */
function scaleOf(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.06 * (high - low) || Math.max(1, 0.06 * Math.abs(high));
  return (value) => from + ((value - low + room) / (high - low + 2 * room)) * (to - from);
}

function plot(candidates: Candidates): Html[] {
  const x = scaleOf(candidates.map(sizeOf), LEFT, WIDTH);
  const y = scaleOf(
    candidates.map(({ drop }) => drop),
    HEIGHT,
    0,
  );
  const front = candidates.filter(({ pareto }) => pareto).sort((a, b) => sizeOf(a) - sizeOf(b));
  const line = front.map((point, i) => `${i ? 'L' : 'M'}${x(sizeOf(point)).toFixed(1)} ${y(point.drop).toFixed(1)}`).join('');
  const points = candidates.map((point) => {
    const tone = point.written ? 'second' : point.pareto ? 'first' : 'muted';
    const title = `${bytesText(sizeOf(point))}, drop ${point.drop.toFixed(2)} points`;
    return html`<g><title>${title}</title><circle class="${tone}" cx="${x(sizeOf(point)).toFixed(1)}" cy="${y(point.drop).toFixed(1)}" r="${point.written ? 6 : 4}"/></g>`;
  });
  const sizes = candidates.map(sizeOf);
  const drops = candidates.map(({ drop }) => drop);
  const axis = [
    ...[Math.min(...sizes), Math.max(...sizes)].map(
      (size) =>
        html`<text class="axis" x="${x(size).toFixed(1)}" y="${HEIGHT + BOTTOM - 8}" text-anchor="middle">${bytesText(size)}</text>`,
    ),
    ...[Math.min(...drops), Math.max(...drops)].map(
      (drop) => html`<text class="axis" x="${LEFT - 8}" y="${(y(drop) + 4).toFixed(1)}" text-anchor="end">${drop.toFixed(2)}</text>`,
    ),
  ];
  return [html`<path class="whisker" d="${line}"/>`, ...points, ...axis];
}

export function paretoSection(runs: readonly Run<CompressDocument>[]): Html[] {
  return runs.flatMap(({ name, document: { candidates = [], goal = '' } }) => {
    if (!candidates.length) return [];
    const front = candidates.filter(({ pareto }) => pareto).sort((a, b) => sizeOf(a) - sizeOf(b));
    const about = `${candidates.length} candidates for ${goal}: packed size to the right, drop in percentage points upwards; the line joins the ${front.length} that no other beats.`;
    const rows = front.map((point): Content[] => [
      bytes(sizeOf(point)),
      number(point.drop, point.drop.toFixed(2)),
      percent(point.top1 ?? point.agreement),
      number(point.costs.macs ?? 0),
      point.written ? 'yes' : 'no',
      point.options.join('; ') || 'int8 alone',
    ]);
    return [
      html`<h3>${name}</h3>`,
      figure('Pareto front', about, WIDTH, HEIGHT + BOTTOM, plot(candidates)),
      table(`Pareto front of ${name}`, ['packed', 'drop', 'quality', 'MACs', 'written', 'options'], rows),
    ];
  });
}
