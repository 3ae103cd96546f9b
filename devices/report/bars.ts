/** Horizontal bars with labels, values and, where they are known, intervals: the form of most figures of the report. */
import { type Content, type Html, html, shorten } from './html.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  /** Ends of an interval around the value. */
  readonly interval?: readonly [number, number];
  /** CSS class of the bar. */
  readonly tone?: 'first' | 'second' | 'muted';
}

const WIDTH = 760;
const LABEL = 190;
const VALUE = 110;
const ROW = 24;

/** Bars and the height that they take. */
export function bars(list: readonly Bar[]): { width: number; height: number; content: Html[] } {
  const most = Math.max(...list.map(({ value, interval }) => Math.max(value, interval?.[1] ?? 0)), Number.MIN_VALUE);
  const scale = (value: number) => (Math.max(0, value) / most) * (WIDTH - LABEL - VALUE);
  const content = list.map(({ label, value, text, interval, tone = 'first' }, i) => {
    const y = i * ROW;
    const length = scale(value);
    const end = interval ? scale(interval[1]) : length;
    const shape: Content =
      length > 0.5 ? html`<rect class="${tone}" x="${LABEL}" y="${y + 4}" width="${length.toFixed(1)}" height="${ROW - 8}" rx="2"/>` : '';
    const whisker: Content = interval
      ? html`<path class="whisker" d="M${(LABEL + scale(interval[0])).toFixed(1)} ${y + ROW / 2}H${(LABEL + end).toFixed(1)}M${(LABEL + scale(interval[0])).toFixed(1)} ${y + 8}v${ROW - 16}M${(LABEL + end).toFixed(1)} ${y + 8}v${ROW - 16}"/>`
      : '';
    return html`<g><title>${label}: ${text}</title><text x="${LABEL - 8}" y="${y + 16}" text-anchor="end">${shorten(label, LABEL - 8)}</text>${shape}${whisker}<text x="${(LABEL + Math.max(length, end) + 6).toFixed(1)}" y="${y + 16}">${text}</text></g>`;
  });
  return { width: WIDTH, height: list.length * ROW, content };
}
