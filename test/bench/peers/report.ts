/** What the bench prints and writes. */
import type { Times } from './race.ts';

export interface Row extends Times {
  readonly model: string;
  readonly host: 'chromium' | 'node';
  readonly runtime: string;
  readonly isPeer: boolean;
  /** What exactly ran. */
  readonly note: string;
  /** From the request of the first file, over loopback HTTP, to ready: the median of fresh starts in an idle browser, and the quickest. */
  readonly loadUs: number;
  readonly loadMinUs: number;
  /** The first inference after that. */
  readonly firstUs: number;
  readonly firstMinUs: number;
  /** How many starts counted. */
  readonly starts: number;
  /** Everything that the page fetched for it, model included, each file gzip level 9; Node reads its libraries from disk. */
  readonly downloadGzipBytes?: number;
  readonly modelGzipBytes: number;
  /** Correlation of its output with the float model's on the same input. */
  readonly agreement: number;
}

export interface Failure {
  readonly model: string;
  readonly host: 'chromium' | 'node';
  readonly runtime: string;
  readonly reason: string;
}

/** A variant of whittle against the best of all peers on the model and host: peer / whittle, above 1 is faster. */
export interface Ratio {
  readonly model: string;
  readonly host: 'chromium' | 'node';
  readonly runtime: string;
  readonly byMinimum: number;
  readonly bestPeerByMinimum: string;
  readonly byCpuMedian: number;
  readonly bestPeerByCpuMedian: string;
  /** Median loading time of LiteRT.js over whittle's; the same of the quickest starts. */
  readonly loadLiteRt?: number;
  readonly loadMinLiteRt?: number;
}

function best(peers: readonly Row[], key: 'minUs' | 'cpuMedianUs'): Row {
  return peers.reduce((a, b) => (b[key] < a[key] ? b : a));
}

/** One per row of whittle that has peers. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows
    .filter(({ isPeer }) => !isPeer)
    .flatMap((own): Ratio[] => {
      const peers = rows.filter((row) => row.isPeer && row.model === own.model && row.host === own.host);
      if (peers.length === 0) return [];
      const [byMinimum, byCpu] = [best(peers, 'minUs'), best(peers, 'cpuMedianUs')];
      const litert = peers.find(({ runtime }) => runtime.startsWith('LiteRT.js int8'));
      return [
        {
          model: own.model,
          host: own.host,
          runtime: own.runtime,
          byMinimum: byMinimum.minUs / own.minUs,
          bestPeerByMinimum: byMinimum.runtime,
          byCpuMedian: byCpu.cpuMedianUs / own.cpuMedianUs,
          bestPeerByCpuMedian: byCpu.runtime,
          ...(litert && { loadLiteRt: litert.loadUs / own.loadUs, loadMinLiteRt: litert.loadMinUs / own.loadMinUs }),
        },
      ];
    });
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(us < 10_000 ? 3 : 2);
}

/** The rows of one model on one host, and the ratios. */
export function modelText(rows: readonly Row[]): string {
  const columns: readonly [string, (row: Row) => string][] = [
    ['runtime', (row) => row.runtime],
    ['min', (row) => milliseconds(row.minUs)],
    ['median', (row) => milliseconds(row.medianUs)],
    ['CPU med', (row) => milliseconds(row.cpuMedianUs)],
    ['p10..p90', (row) => `${milliseconds(row.p10Us)}..${milliseconds(row.p90Us)}`],
    ['load', (row) => milliseconds(row.loadUs)],
    ['min', (row) => milliseconds(row.loadMinUs)],
    ['first', (row) => milliseconds(row.firstUs)],
    ['gzip KB', (row) => (row.downloadGzipBytes === undefined ? '' : (row.downloadGzipBytes / 1024).toFixed(1))],
    ['of it model', (row) => (row.modelGzipBytes / 1024).toFixed(1)],
    ['r', (row) => row.agreement.toFixed(3)],
    ['what ran', (row) => row.note],
  ];
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => (line[i] as string).length)));
  const isText = (i: number) => i === 0 || i === columns.length - 1;
  const lines = cells.map((line) =>
    line
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  );
  const ratios = ratiosOf(rows).map(
    (ratio) =>
      `  ${ratio.runtime}: ${ratio.byMinimum.toFixed(2)}x by minimum (${ratio.bestPeerByMinimum}), ` +
      `${ratio.byCpuMedian.toFixed(2)}x by median CPU (${ratio.bestPeerByCpuMedian})` +
      (ratio.loadLiteRt
        ? `, loads ${ratio.loadLiteRt.toFixed(1)}x faster than LiteRT.js (quickest starts: ${ratio.loadMinLiteRt?.toFixed(1)}x)`
        : ''),
  );
  return [`${rows[0]?.model} on ${rows[0]?.host}`, ...lines, ...ratios].join('\n');
}
