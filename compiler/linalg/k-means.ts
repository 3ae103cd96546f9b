/**
 * k-means of numbers, exactly: in one dimension clusters are stretches of the sorted values, and dynamic programming finds
 * the best ones (Wang, Song, "Ckmeans.1d.dp", The R Journal 3/2, 2011). Where to cut moves in one direction with the last
 * value, so that each layer of the table costs n log n.
 */

/** More distinct values than this are gathered in bins of equal width first. */
const LARGEST_TABLE = 2048;

/** Sums over the values up to each one: what a stretch costs is a difference. */
interface Sums {
  readonly count: number;
  readonly weight: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function binOf(value: number, lowest: number, width: number): number {
  return Math.min(LARGEST_TABLE - 1, Math.floor((value - lowest) / width));
}

/** Values of weight 0 do not count. */
function sumsOf(values: ArrayLike<number>, weights: ArrayLike<number>): Sums {
  const counted = Float64Array.from({ length: values.length }, (_, i) => i).filter((i) => (weights[i] as number) > 0);
  const [lowest, highest] = counted.reduce(
    ([low, high], i) => [Math.min(low, values[i] as number), Math.max(high, values[i] as number)] as [number, number],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number],
  );
  const distinct = [...new Set(Array.from(counted.subarray(0, 4 * LARGEST_TABLE), (i) => values[i] as number))];
  const isSmall = counted.length <= 4 * LARGEST_TABLE && distinct.length <= LARGEST_TABLE;
  const places = isSmall ? new Map(distinct.sort((a, b) => a - b).map((value, place) => [value, place])) : undefined;
  const width = (highest - lowest) / LARGEST_TABLE;
  const bins = Array.from({ length: places?.size ?? LARGEST_TABLE }, () => ({ weight: 0, first: 0, second: 0 }));
  for (const i of counted) {
    const [value, weight] = [values[i] as number, weights[i] as number];
    const bin = bins[places?.get(value) ?? binOf(value, lowest, width)] as (typeof bins)[number];
    bin.weight += weight;
    bin.first += weight * value;
    bin.second += weight * value * value;
  }
  const filled = bins.filter(({ weight }) => weight > 0);
  const sums = { count: filled.length, weight: new Float64Array(filled.length + 1), first: new Float64Array(filled.length + 1) };
  const second = new Float64Array(filled.length + 1);
  filled.forEach((bin, i) => {
    sums.weight[i + 1] = (sums.weight[i] as number) + bin.weight;
    sums.first[i + 1] = (sums.first[i] as number) + bin.first;
    second[i + 1] = (second[i] as number) + bin.second;
  });
  return { ...sums, second };
}

function meanOf({ weight, first }: Sums, from: number, to: number): number {
  return ((first[to] as number) - (first[from] as number)) / ((weight[to] as number) - (weight[from] as number));
}

/** Weighted squared distance of the values from … to - 1 to their mean. */
function costOf(sums: Sums, from: number, to: number): number {
  const first = (sums.first[to] as number) - (sums.first[from] as number);
  const weight = (sums.weight[to] as number) - (sums.weight[from] as number);
  return Math.max(0, (sums.second[to] as number) - (sums.second[from] as number) - (first * first) / weight);
}

/** Least cost of the first `to` values with one cluster more than `before` had, and where that last cluster begins. */
function addCluster(sums: Sums, before: Float64Array, clusters: number): { cost: Float64Array; begin: Int32Array } {
  const cost = new Float64Array(sums.count + 1).fill(Number.POSITIVE_INFINITY);
  const begin = new Int32Array(sums.count + 1);
  const solve = (low: number, high: number, first: number, last: number): void => {
    if (low > high) return;
    const to = (low + high) >> 1;
    let best = first;
    for (let from = first; from <= Math.min(last, to - 1); from++) {
      const candidate = (before[from] as number) + costOf(sums, from, to);
      if (candidate < (cost[to] as number)) {
        cost[to] = candidate;
        best = from;
      }
    }
    begin[to] = best;
    solve(low, to - 1, first, best);
    solve(to + 1, high, best, last);
  };
  solve(clusters, sums.count, clusters - 1, sums.count - 1);
  return { cost, begin };
}

/**
 * The centres of at most `clusters` clusters with the least Σ weight · (value - nearest centre)², in ascending order.
 * @param weights not negative; by default all alike
 */
export function kMeans(values: ArrayLike<number>, clusters: number, weights?: ArrayLike<number>): Float64Array {
  const sums = sumsOf(values, weights ?? new Float64Array(values.length).fill(1));
  const count = Math.min(clusters, sums.count);
  if (count === 0) return new Float64Array(0);
  let cost = Float64Array.from({ length: sums.count + 1 }, (_, to) => (to === 0 ? 0 : costOf(sums, 0, to)));
  const begins: Int32Array[] = [new Int32Array(sums.count + 1)];
  for (let cluster = 2; cluster <= count; cluster++) {
    const next = addCluster(sums, cost, cluster);
    cost = next.cost as Float64Array<ArrayBuffer>;
    begins.push(next.begin);
  }
  const centres = new Float64Array(count);
  for (let cluster = count - 1, to = sums.count; cluster >= 0; cluster--) {
    const from = (begins[cluster] as Int32Array)[to] as number;
    centres[cluster] = meanOf(sums, from, to);
    to = from;
  }
  return centres;
}
