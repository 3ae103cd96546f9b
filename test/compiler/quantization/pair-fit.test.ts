/** Weights whose neighbours fit relaxed SIMD: the bound holds, and it costs less than a bit. */
import { expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { valueOf } from '../../../compiler/graph.ts';
import { fitPairs } from '../../../compiler/quantization/pair-fit.ts';
import { addDense, randomSamples } from '../compression/network-case.ts';
import { randomTensor } from '../ops/op-case.ts';
import { buildGraph } from '../passes/pass-case.ts';

/** Sums of weights 2i and 2i + 1, by magnitude. */
function largestPair(row: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i + 1 < row.length; i += 2) largest = Math.max(largest, Math.abs((row[i] as number) + (row[i + 1] as number)));
  return largest;
}

function squaredError(row: ArrayLike<number>, integers: ArrayLike<number>, scale: number): number {
  return Array.from(row).reduce((sum, w, i) => sum + (w - (integers[i] as number) * scale) ** 2, 0);
}

/** Seven bits: half the range, so that every pair fits. */
function sevenBits(row: readonly number[], largest: number): number {
  const scale = largest / 63;
  return squaredError(
    row,
    row.map((w) => Math.round(w / scale)),
    scale,
  );
}

test('rows of any length fit, with far less error than seven bits have', () => {
  let [paired, seven] = [0, 0];
  for (let seed = 1; seed <= 40; seed++) {
    // Trained weights are about normal: sums of three.
    const uniform = randomTensor([seed * 9], seed).data;
    const row = Array.from({ length: seed * 3 }, (_, i) => [0, 1, 2].reduce((sum, k) => sum + (uniform[3 * i + k] as number), 0));
    const largest = Math.max(...row.map(Math.abs));
    const { scale, integers } = fitPairs(row, largest / 127);
    expect(largestPair(integers)).toBeLessThanOrEqual(128);
    expect(Math.max(...integers.map(Math.abs))).toBeLessThanOrEqual(127);
    paired += squaredError(row, integers, scale) / largest ** 2;
    seven += sevenBits(row, largest) / largest ** 2;
  }
  expect(paired).toBeLessThan(0.6 * seven);
});

test('a row that fits stays as it is', () => {
  expect(fitPairs([127, 1, -100, -28, 0.4, 90], 1)).toMatchObject({ scale: 1, integers: Int8Array.of(127, 1, -100, -28, 0, 90) });
});

test('one pair too large among many small weights is cut evenly; where all are, the scale is widened', () => {
  const few = fitPairs([70, 64, ...Array.from({ length: 400 }, (_, i) => (i % 41) - 20)], 1);
  expect([few.scale, ...few.integers.slice(0, 2)]).toEqual([1, 67, 61]);
  const all = fitPairs([120, 120, -126, -126], 1);
  expect(all.scale).toBeGreaterThan(1.8);
  expect(all.integers.every((w) => Math.abs(w) <= 64)).toBe(true);
});

test('layers of 7.5 bits fit in the packed model, and the report says so', async () => {
  const graph = buildGraph({ x: [1, 16] }, (g) => [addDense(g, 'x', 'a', randomTensor([320], 1).data, randomTensor([20], 2).data)]);
  const { count, at } = randomSamples(graph, 20);
  const samples = Array.from({ length: count }, (_, i) => at(i) as Float32Array[]);
  const pack = async (weightBits: 7.5 | 8) => {
    const packed = await packModel({ graph, source: new Uint8Array() }, { name: 'pairs', samples, weightBits });
    const weights = valueOf(packed.graph, packed.graph.nodes[0]?.inputs[1] as string).constant as Int8Array;
    return { report: packed.report, largest: largestPair(weights) };
  };
  expect((await pack(8)).largest).toBeGreaterThan(128);
  const paired = await pack(7.5);
  expect(paired.largest).toBeLessThanOrEqual(128);
  expect(paired.report.weightPrecision?.layers).toEqual({ a: 7.5 });
});
