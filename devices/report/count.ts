/** Instructions on emulated boards: apart from latency, because they are no time. */
import type { CountReport } from '../report-schema.ts';
import { bars } from './bars.ts';
import type { Run } from './documents.ts';
import { bytes, type Content, figure, type Html, number, table } from './html.ts';
import { layerCosts } from './layers.ts';

function labelOf({ name, document }: Run<CountReport>): string {
  return `${name} (${document.device}, ${document.variant})`;
}

const grouped = (value: number) => value.toLocaleString('en');

export function countSection(runs: readonly Run<CountReport>[]): Html[] {
  if (!runs.length) return [];
  const list = runs.map((run) => ({ label: labelOf(run), value: run.document.instructions, text: grouped(run.document.instructions) }));
  const { width, height, content } = bars(list);
  const rows = runs.map((run): Content[] => {
    const { instructions, ticks, clock, codeBytes, imageBytes, ramBytes, arenaHighWaterBytes } = run.document;
    const size = (value: number | undefined) => (value === undefined ? '' : bytes(value));
    return [
      labelOf(run),
      number(instructions),
      number(ticks),
      clock,
      size(codeBytes),
      size(imageBytes),
      size(ramBytes),
      size(arenaHighWaterBytes),
    ];
  });
  return [
    figure('Instructions of one inference', 'Instructions that the emulated core executes for one inference.', width, height, content),
    table('Instructions', ['run', 'instructions', 'ticks', 'clock', 'kernels', 'model', 'RAM', 'touched'], rows),
  ];
}

export function layerCountSection(runs: readonly Run<CountReport>[]): Html[] {
  return runs.flatMap((run) =>
    layerCosts(run, labelOf(run), run.document.perLayer, {
      what: 'Instructions',
      column: 'instructions',
      costOf: ({ instructions }) => instructions,
      bar: grouped,
      cell: number,
    }),
  );
}
