/** In which order the rows of a layer lose their weights by Optimal Brain Surgeon, and how many each loses. */
import { operate } from '../linalg/brain-surgeon.ts';
import { dampedCholesky, invertCholesky } from '../linalg/cholesky.ts';
import { type GroupObjective, groupObjectives } from './group-objectives.ts';
import type { Layer } from './layers.ts';
import type { LayerStatistics } from './statistics.ts';

/** One row of a layer. */
export interface RowTrace {
  /** Columns, the first removed first; those that were zero before come at the start. */
  readonly order: Int32Array;
  /**
   * What each removal adds to the error of the layer's answers (Σ over its outputs), at least as much as the one before:
   * a cheap removal behind a dear one cannot be had without it.
   */
  readonly losses: Float64Array;
}

export interface TraceOptions {
  readonly damping: number;
  /** At most this share of a row is removed. */
  readonly largest: number;
}

function groupTraces(layer: Layer, { hessian, optimum, isFree }: GroupObjective, largest: number): RowTrace[] {
  const { columns } = layer;
  const inverse = invertCholesky(dampedCholesky(hessian).factor);
  return Array.from({ length: optimum.rows }, (_, row) => {
    const [from, to] = [row * columns, (row + 1) * columns];
    const zeros = isFree.subarray(from, to).reduce((count, free) => count + Number(!free), 0);
    const { order, losses } = operate(optimum.data.subarray(from, to), inverse, {
      count: Math.max(zeros, Math.floor(largest * columns)),
      mayBeNext: (column, settled) => settled >= zeros || !isFree[from + column],
    });
    let most = 0;
    return {
      order,
      losses: losses.map((loss) => {
        most = Math.max(most, loss);
        return most;
      }),
    };
  });
}

/** One trace per row of the layer. */
export function surgeonTraces(layer: Layer, statistics: LayerStatistics, { damping, largest }: TraceOptions): RowTrace[] {
  return groupObjectives(layer, statistics, damping).flatMap((group) => groupTraces(layer, group, largest));
}

/** Where weights may be taken from: the rows of some layers, whose losses are compared after `factor`. */
export interface TracedLayer {
  readonly name: string;
  readonly traces: readonly RowTrace[];
  readonly factor: number;
}

/** How many weights each row of each layer loses when the cheapest `count` of all go. */
export function cheapestRemovals(layers: readonly TracedLayer[], count: number): Map<string, Int32Array> {
  const total = layers.reduce((sum, { traces }) => sum + traces.reduce((own, { losses }) => own + losses.length, 0), 0);
  const [losses, places, rows] = [new Float64Array(total), new Int32Array(total), new Int32Array(total)];
  let at = 0;
  layers.forEach(({ traces, factor }, place) => {
    traces.forEach((trace, row) => {
      for (const loss of trace.losses) {
        [losses[at], places[at], rows[at]] = [factor * loss, place, row];
        at++;
      }
    });
  });
  const removals = layers.map(({ traces }) => new Int32Array(traces.length));
  // Losses rise along a row, so the cheapest so many of a row are its first so many; a stable sort keeps ties in order.
  const order = Array.from({ length: total }, (_, i) => i).sort((i, j) => (losses[i] as number) - (losses[j] as number));
  for (const i of order.slice(0, count)) {
    const own = removals[places[i] as number] as Int32Array;
    own[rows[i] as number] = (own[rows[i] as number] as number) + 1;
  }
  return new Map(layers.map(({ name }, place) => [name, removals[place] as Int32Array]));
}

/** Sum of the losses of the first so many removals of each row. */
export function lossOf(traces: readonly RowTrace[], removals: ArrayLike<number>): number {
  return traces.reduce((sum, { losses }, row) => sum + losses.subarray(0, removals[row]).reduce((a, b) => a + b, 0), 0);
}

/** [outputs, columns]: 1 where a weight stays after the first so many removals of each row. */
export function supportAfter(columns: number, traces: readonly RowTrace[], removals: ArrayLike<number>): Uint8Array {
  const support = new Uint8Array(traces.length * columns).fill(1);
  traces.forEach(({ order }, row) => {
    for (const column of order.subarray(0, removals[row])) support[row * columns + column] = 0;
  });
  return support;
}
