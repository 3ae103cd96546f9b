/** The arena over time: a rectangle per block, steps to the right, addresses upwards. */
import type { ArenaBlock } from '../../compiler/report.ts';
import type { CompileDocument, Run } from './documents.ts';
import { bytes, figure, type Html, html, number, shorten, table } from './html.ts';

const WIDTH = 760;
const HEIGHT = 320;
const MARGIN = 24;

function rectangles(blocks: readonly ArenaBlock[], arenaBytes: number): Html[] {
  const steps = Math.max(...blocks.map(({ lastStep }) => lastStep)) + 2;
  const x = (step: number) => ((step + 1) / steps) * WIDTH;
  const y = (offset: number) => HEIGHT - (offset / arenaBytes) * HEIGHT;
  return blocks.map(({ tensors, offset, bytes: size, firstStep, lastStep }, i) => {
    const width = x(lastStep + 1) - x(firstStep);
    const height = Math.max(1, (size / arenaBytes) * HEIGHT);
    const label =
      height >= 14 && width >= 30
        ? html`<text x="${(x(firstStep) + 4).toFixed(1)}" y="${(y(offset) - 4).toFixed(1)}">${shorten(tensors.join(', '), width - 6)}</text>`
        : '';
    return html`<g><title>${tensors.join(', ')}: ${size} bytes at ${offset}, steps ${firstStep} to ${lastStep}</title><rect class="block ${i % 2 ? 'first' : 'second'}" x="${x(firstStep).toFixed(1)}" y="${(y(offset) - height).toFixed(1)}" width="${Math.max(1, width - 1).toFixed(1)}" height="${Math.max(1, height - 1).toFixed(1)}"/>${label}</g>`;
  });
}

export function arenaSection(runs: readonly Run<CompileDocument>[]): Html[] {
  return runs.flatMap(({ name, document: { arena, arenaBytes } }) => {
    if (!arena?.length || !arenaBytes) return [];
    const axis = html`<text class="axis" x="0" y="${HEIGHT + MARGIN - 8}">first step</text><text class="axis" x="${WIDTH}" y="${HEIGHT + MARGIN - 8}" text-anchor="end">last step</text>`;
    return [
      html`<h3>${name}</h3>`,
      figure(
        'Arena over time',
        `${arena.length} blocks in ${arenaBytes.toLocaleString('en')} bytes: height is size and place, width is lifetime.`,
        WIDTH,
        HEIGHT + MARGIN,
        [...rectangles(arena, arenaBytes), axis],
      ),
      table(
        `Arena of ${name}`,
        ['tensors', 'offset', 'bytes', 'first step', 'last step'],
        arena.map((block) => [
          block.tensors.join(', '),
          number(block.offset),
          bytes(block.bytes),
          number(block.firstStep, block.firstStep < 0 ? 'before the first' : undefined),
          number(block.lastStep),
        ]),
      ),
    ];
  });
}
