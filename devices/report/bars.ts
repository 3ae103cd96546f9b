/** Horizontal bars with labels, values and, where they are known, intervals: the form of most figures of the report. */
import { type Content, type Html, html, shorten, textWidth } from './html.ts';

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
const LABEL_MIN = 80;
const LABEL_MAX = 300;
const VALUE = 110;
const ROW = 24;

/** Bars and the height that they take. */
export function bars(list: readonly Bar[]): { width: number; height: number; content: Html[] } {
  const longest = Math.max(0, ...list.map(({ label }) => textWidth(label)));
  const left = Math.min(LABEL_MAX, Math.max(LABEL_MIN, longest + 8));
  const most = Math.max(...list.map(({ value, interval }) => Math.max(value, interval?.[1] ?? 0)), Number.MIN_VALUE);
  const scale = (value: number) => (Math.max(0, value) / most) * (WIDTH - left - VALUE);
  const content = list.map(({ label, value, text, interval, tone = 'first' }, i) => {
    const y = i * ROW;
    const length = scale(value);
    const end = interval ? scale(interval[1]) : length;
    const shape: Content =
      length > 0.5
        ? html`<rect class="${tone}" x="${left.toFixed(1)}" y="${y + 4}" width="${length.toFixed(1)}" height="${ROW - 8}" rx="2"/>`
        : '';
    const whisker: Content = interval
      ? html`<path class="whisker" d="M${(left + scale(interval[0])).toFixed(1)} ${y + ROW / 2}H${(left + end).toFixed(1)}M${(left + scale(interval[0])).toFixed(1)} ${y + 8}v${ROW - 16}M${(left + end).toFixed(1)} ${y + 8}v${ROW - 16}"/>`
      : '';
    return html`<g><title>${label}: ${text}</title><text x="${(left - 8).toFixed(1)}" y="${y + 16}" text-anchor="end">${shorten(label, left - 8)}</text>${shape}${whisker}<text x="${(left + Math.max(length, end) + 6).toFixed(1)}" y="${y + 16}">${text}</text></g>`;
  });
  return { width: WIDTH, height: list.length * ROW, content };
}
