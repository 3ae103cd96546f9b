/** Text → HTML and SVG, every value escaped; numbers carry their exact value for machines beside the rounded one for people. */
import { bytesText, timeText } from '../../compiler/cli/table.ts';

/** Markup that is safe already. */
export class Html {
  constructor(readonly text: string) {}
}

export type Content = Html | string | number | readonly Content[];

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textOf(content: Content): string {
  if (content instanceof Html) return content.text;
  return Array.isArray(content) ? content.map(textOf).join('') : escape(String(content));
}

/** A template whose values are escaped unless they are Html. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, part, i) => text + part + (i < values.length ? textOf(values[i] as Content) : ''), ''));
}

/** The number as JSON has it, shown as `text`. */
export function number(value: number, text = value.toLocaleString('en')): Html {
  return html`<data value="${value}">${text}</data>`;
}

export function bytes(value: number): Html {
  return number(value, bytesText(value));
}

export function microseconds(value: number): Html {
  return number(value, timeText(value));
}

export function percent(share: number, digits = 2): Html {
  return number(share, `${(100 * share).toFixed(digits)} %`);
}

/**
 * Rows of cells under a caption; the first cell of a row is its header. Columns of words stand left, numbers right. Wide
 * tables scroll on their own.
 */
export function table(caption: string, headings: readonly string[], rows: readonly (readonly Content[])[]): Html {
  const isText = (cell: Content | undefined) => typeof cell === 'string' && !/^\d[\d.,%→ ]*$/.test(cell);
  const tone = (column: number) =>
    rows.some((row) => row[column] !== '') && rows.every((row) => row[column] === '' || isText(row[column])) ? html` class="text"` : '';
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption>
<thead><tr>${headings.map((heading, i) => html`<th scope="col"${tone(i)}><span>${heading}</span></th>`)}</tr></thead>
<tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first ?? ''}</th>${rest.map((cell, i) => html`<td${tone(i + 1)}>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** A figure with its description for those who do not see it; the table under it holds the numbers. */
export function figure(title: string, description: string, width: number, height: number, content: readonly Html[]): Html {
  return html`<figure><div class="scroll" role="group" aria-label="${title}" tabindex="0"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}. ${description}">${content}</svg></div>
<figcaption>${description}</figcaption></figure>`;
}

/** Of wide letters at the figures' size, in user units: fonts differ. */
const LETTER_WIDTH = 7.2;

/** User units that text takes in a figure, at most. */
export function textWidth(text: string): number {
  return text.length * LETTER_WIDTH;
}

/** Text cut to what fits `width` user units at the figures' size. */
export function shorten(text: string, width: number): string {
  const letters = Math.max(1, Math.floor(width / LETTER_WIDTH));
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`;
}
