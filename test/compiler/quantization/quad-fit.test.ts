/** Weights whose quads fit relaxed SIMD: the bound holds, and it costs less than a bit. */
import { expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { valueOf } from '../../../compiler/graph.ts';
import { matrix } from '../../../compiler/linalg/matrix.ts';
import { areQuadsFitting, cutQuads, fitQuads, nearestInQuad } from '../../../compiler/quantization/quad-fit.ts';
import { fitRounded } from '../../../compiler/quantization/rounding/coordinate-descent.ts';
import { roundings } from '../../../compiler/quantization/rounding/index.ts';
import { rowErrors } from '../../../compiler/quantization/rounding/problem.ts';
import { type WeightRounding, weightRounding } from '../../../compiler/quantization/rounding/round-layers.ts';
import { addDense, randomSamples } from '../compression/network-case.ts';
import { randomTensor } from '../ops/op-case.ts';
import { buildGraph } from '../passes/pass-case.ts';

/** The larger sum of a quad's weights of one sign, by magnitude. */
function largestSum(row: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < row.length; i += 8)
    for (const quad of [i, i + 2])
      for (const sign of [1, -1]) {
        const own = [quad, quad + 1, quad + 4, quad + 5].map((at) => Math.max(0, sign * (row[at] ?? 0)));
        largest = Math.max(largest, ...[own.reduce((sum, w) => sum + w, 0)]);
      }
  return largest;
}

function squaredError(row: ArrayLike<number>, integers: ArrayLike<number>, scale: number): number {
  return Array.from(row).reduce((sum, w, i) => sum + (w - (integers[i] as number) * scale) ** 2, 0);
}

/** Seven bits: half the range, so that every pair fits, and most quads do. */
function sevenBits(row: readonly number[], largest: number): number {
  const scale = largest / 63;
  return squaredError(
    row,
    row.map((w) => Math.round(w / scale)),
    scale,
  );
}

test('rows of any length fit, with less error than seven bits have', () => {
  let [fitted, seven] = [0, 0];
  for (let seed = 1; seed <= 40; seed++) {
    // Trained weights are about normal: sums of three.
    const uniform = randomTensor([seed * 9], seed).data;
    const row = Array.from({ length: seed * 3 }, (_, i) => [0, 1, 2].reduce((sum, k) => sum + (uniform[3 * i + k] as number), 0));
    const largest = Math.max(...row.map(Math.abs));
    const { scale, integers } = fitQuads(row, largest / 127);
    expect(largestSum(integers)).toBeLessThanOrEqual(128);
    expect(Math.max(...integers.map(Math.abs))).toBeLessThanOrEqual(127);
    fitted += squaredError(row, integers, scale) / largest ** 2;
    seven += sevenBits(row, largest) / largest ** 2;
  }
  expect(fitted).toBeLessThan(seven);
});

test('a row that fits stays as it is', () => {
  const row = [127, 1, -100, -28, -127, 0, 90.4, 38, 100, 28];
  expect(fitQuads(row, 1)).toMatchObject({ scale: 1, integers: Int8Array.from(row, Math.round) });
});

test('one quad too large among many small weights is cut evenly; where all are, the scale is widened', () => {
  const few = fitQuads([50, 44, 0, 0, 40, -9, 0, 0, ...Array.from({ length: 400 }, (_, i) => (i % 41) - 20)], 1);
  expect([few.scale, ...few.integers.slice(0, 6)]).toEqual([1, 48, 42, 0, 0, 38, -9]);
  const all = fitQuads([120, 120, -126, -126, 120, 120, -126, -126], 1);
  expect(all.scale).toBeGreaterThan(3.5);
  expect(all.integers.every((w) => Math.abs(w) <= 32)).toBe(true);
});

test('a weight may be what the others of its quad and its sign leave', () => {
  const row = Int8Array.of(60, -100, 7, 7, 50, -20, 7, 7, 127);
  expect([200, 40.2, -200].map((value) => nearestInQuad(row, 0, value, 127))).toEqual([78, 40, -8]);
  expect(nearestInQuad(row, 4, 200, 63)).toBe(63);
  expect(nearestInQuad(row, 8, 200, 127)).toBe(127);
});

test('any rounding is made to fit, at less cost than by cutting alone; zeros stay', () => {
  const columns = 20;
  const random = randomTensor([columns, 3 * columns], 5).data;
  // Correlated inputs: what one weight lacks another gives.
  const hessian = matrix(columns, columns);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < 3 * columns; k++)
        hessian.data[i * columns + j] =
          (hessian.data[i * columns + j] as number) +
          ((random[i * 3 * columns + k] as number) + (random[k] as number)) *
            ((random[j * 3 * columns + k] as number) + (random[k] as number));
  const target = matrix(
    1,
    columns,
    Float64Array.from(randomTensor([columns], 6).data, (w, i) => (i === 3 ? 0 : 180 * Math.sign(w) * w ** 2)),
  );
  const isFree = Uint8Array.from(target.data, (w) => Number(w !== 0));
  const cut = { scale: 1.2, integers: Int8Array.from(target.data, (w) => Math.round(w / 1.2)) };
  expect(cutQuads(target.data, cut.scale, cut.integers)).toBe(true);
  const problem = { target, hessian, scales: [cut.scale], largest: 127, isFree };
  const nearest = Int8Array.from(target.data, (w) => Math.round(w / cut.scale));
  expect(largestSum(nearest)).toBeGreaterThan(128);
  for (const round of [() => nearest, roundings.gptq, roundings.adaround]) {
    const fitted = fitRounded(round(problem), { ...problem, quadsFit: true });
    expect(largestSum(fitted)).toBeLessThanOrEqual(128);
    expect(fitted[3]).toBe(0);
    expect(rowErrors(problem, fitted)[0]).toBeLessThan(rowErrors(problem, cut.integers)[0] as number);
  }
});

test('layers of 7.5 bits fit in the packed model, and the report says so', async () => {
  const graph = buildGraph({ x: [1, 16] }, (g) => [addDense(g, 'x', 'a', randomTensor([320], 1).data, randomTensor([20], 2).data)]);
  const { count, at } = randomSamples(graph, 20);
  const samples = Array.from({ length: count }, (_, i) => at(i) as Float32Array[]);
  const pack = async (weightBits: 7 | 7.5 | 8, rounding?: WeightRounding) => {
    const packed = await packModel(
      { graph, source: new Uint8Array() },
      { name: 'quads', samples, weightBits, ...(rounding && { rounding }) },
    );
    const weights = valueOf(packed.graph, packed.graph.nodes[0]?.inputs[1] as string).constant as Int8Array;
    return { report: packed.report, largest: largestSum(weights) };
  };
  expect((await pack(8)).largest).toBeGreaterThan(128);
  expect((await pack(7)).largest).toBeLessThanOrEqual(128);
  expect((await pack(7.5, weightRounding('coordinate-descent'))).largest).toBeLessThanOrEqual(128);
  const fitted = await pack(7.5);
  expect(fitted.largest).toBeLessThanOrEqual(128);
  expect(fitted.report.weightPrecision?.layers).toEqual({ a: 7.5 });
});

test.for([
  { row: [127, 1, 127, 1, 0, 0, 0, 0], fits: true },
  { row: [127, 1, 0, 0, 1], fits: false },
  { row: [127, 0, 0, 0, 0, 2], fits: false },
  { row: [127, -128, 127, -128, 0, 0, 0, 0, 127], fits: true },
  { row: [0, 0, -127, 0, 0, 0, 0, -2], fits: false },
  { row: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 65], fits: false },
])('$row fits: $fits', ({ row, fits }) => {
  expect(areQuadsFitting(Int8Array.from(row))).toBe(fits);
});
