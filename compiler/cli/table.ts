/** Tables for terminals: aligned columns, nothing else. */

export interface Column {
  readonly title: string;
  /** Numbers right, text left. */
  readonly align?: 'left' | 'right';
}

/** At most this many characters of a cell are shown. */
const CELL_MAX = 48;

function shorten(cell: string): string {
  return cell.length <= CELL_MAX ? cell : `${cell.slice(0, CELL_MAX / 2 - 1)}…${cell.slice(-CELL_MAX / 2)}`;
}

/** Two spaces between the columns, a line under the titles, no space at the end of a line. */
export function table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => shorten(String(cell))));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (columns[i]?.align === 'right' ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.map(line)].join('\n');
}

/** Name and value of one fact per line. */
export function facts(entries: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}

/** 1234567 → "1 234 567". */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** 1536 → "1.5 KB" (1 KB = 1024 bytes). */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}

/** 0.8758 → "87.58 %". */
export function percentText(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** [1, 32, 32, 3] → "1×32×32×3". */
export function shapeText(shape: readonly number[]): string {
  return shape.length ? shape.join('×') : 'scalar';
}

/** Microseconds for people. */
export function timeText(us: number): string {
  return us >= 1000 ? `${(us / 1000).toFixed(2)} ms` : `${us.toFixed(1)} µs`;
}
