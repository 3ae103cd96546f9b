/** Accuracy of the packed model against its float original, and which classes are mistaken for which. */
import type { EvalDocument, Run } from './documents.ts';
import { type Content, type Html, html, number, percent, table } from './html.ts';

export function accuracySection(runs: readonly Run<EvalDocument>[]): Html[] {
  if (!runs.length) return [];
  const share = (value: number | null): Content => (value === null ? 'not measured' : percent(value));
  const rows = runs.map(({ name, document }): Content[] => [
    name,
    `${document.on} (${document.variant})`,
    document.metric,
    share(document.float),
    share(document.int8),
    share(document.agreement),
    document.sqnr === null ? '' : number(document.sqnr, `${document.sqnr.toFixed(1)} dB`),
    number(document.samples),
    html`<code>${document.outputCrc32}</code>`,
  ]);
  return [
    table('Accuracy', ['run', 'device', 'metric', 'float32', 'int8', 'agreement', 'SQNR', 'samples', 'output CRC-32'], rows),
    ...runs.flatMap(confusionTables),
  ];
}

function confusionTables({ name, document: { confusion } }: Run<EvalDocument>): Html[] {
  if (!confusion) return [];
  const { classes, int8, float } = confusion;
  const one = (title: string, matrix: readonly (readonly number[])[]) => {
    const most = Math.max(1, ...matrix.flat());
    return table(
      `${title}, ${name}: label (rows), chosen (columns)`,
      ['label', ...classes],
      matrix.map((row, label) => [
        classes[label] ?? String(label),
        // How much of the class, as shade: right ones in one colour, mistakes in the other.
        ...row.map((count, chosen) =>
          count
            ? html`<span class="cell ${label === chosen ? 'right' : 'wrong'}" style="--share:${(count / most).toFixed(3)}">${number(count)}</span>`
            : html`<span class="cell none">0</span>`,
        ),
      ]),
    );
  };
  return [html`<div class="pair">${float ? one('float32', float) : ''}${one('int8', int8)}</div>`];
}
