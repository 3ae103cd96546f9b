/** Depthwise windows that fit relaxed dot products: the bound holds, and only the columns that break it are changed. */
import { expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { valueOf } from '../../../compiler/graph.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { weightRounding } from '../../../compiler/quantization/rounding/round-layers.ts';
import { areWindowsFitting, cutWindow, fitWindow } from '../../../compiler/quantization/window-fit.ts';
import { randomSamples } from '../compression/network-case.ts';
import { randomTensor } from '../ops/op-case.ts';
import { buildGraph, randomConstant } from '../passes/pass-case.ts';

test('windows that fit stay as they are, whatever the middle row', () => {
  const window = [100, -127, 3.4, 127, -127, 127, 28, 127, 124];
  expect(fitWindow(window, 1)).toEqual({ scale: 1, integers: Int8Array.of(100, -127, 3, 127, -127, 127, 28, 127, 124) });
});

test('a column above the bound is cut, or the scale widened, whichever costs less; the integers of any window fit', () => {
  // Cut by one, it would be 1 off.
  const [columns, cut] = [[80, 10, 20, 30, 40, 50, 49, 10, 20], fitWindow([80, 10, 20, 30, 40, 50, 49, 10, 20], 1)];
  expect(columns.reduce((sum, w, i) => sum + (w - (cut.integers[i] as number) * cut.scale) ** 2, 0)).toBeLessThan(1);
  const wide = fitWindow([-127, 0, 0, 0, 1, 0, -127, 0, 0], 1);
  expect(wide.scale).toBeGreaterThan(1.9);
  for (let seed = 1; seed <= 50; seed++) {
    const window = randomTensor([9], seed).data;
    const largest = Math.max(...window.map(Math.abs));
    const { scale, integers } = fitWindow(window, largest / 127);
    expect(areWindowsFitting(integers)).toBe(true);
    window.forEach((w, i) => expect(Math.abs(w - (integers[i] as number) * scale)).toBeLessThan(0.25 * largest));
  }
});

test('integers of another rounding are cut in their columns alone', () => {
  const window = Int8Array.of(100, 1, -100, 127, 127, 127, 40, 2, -40);
  cutWindow([99.2, 1, -100, 127, 127, 127, 40.4, 2, -39.1], 1, window);
  expect([...window]).toEqual([93, 1, -94, 127, 127, 127, 35, 2, -34]);
  expect(areWindowsFitting(window)).toBe(true);
});

test('the columns of every channel are looked at', () => {
  const weights = new Int8Array(3 * 3 * 4).fill(60);
  expect(areWindowsFitting(weights)).toBe(true);
  for (const i of [0, 3, 11, 24, 35]) expect(areWindowsFitting(weights.with(i, 69))).toBe(false);
  for (const i of [12, 23]) expect(areWindowsFitting(weights.with(i, 127))).toBe(true);
});

test.for([
  { bits: 8, rounding: undefined, fits: false },
  { bits: 7, rounding: undefined, fits: true },
  { bits: 7.5, rounding: undefined, fits: true },
  { bits: 7.5, rounding: 'coordinate-descent', fits: true },
  { bits: 7.5, rounding: 'gptq', fits: true },
] as const)('a depthwise layer of $bits bits, rounding $rounding: fits $fits', async ({ bits, rounding, fits }) => {
  const graph = buildGraph({ x: [1, 6, 6, 16] }, (g) => {
    const window = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padBefore: [1, 1], padAfter: [1, 1] } as const;
    const inputs = ['x', randomConstant(g, 'w', [16, 3, 3, 1]), randomConstant(g, 'b', [16], 2)];
    return [g.addOne(Conv2d, inputs, { ...window, groups: 16, clamp: [-Infinity, Infinity] }, { name: 'a' })];
  });
  const { count, at } = randomSamples(graph, 10);
  const samples = Array.from({ length: count }, (_, i) => at(i) as Float32Array[]);
  const rounded = rounding && weightRounding(rounding);
  const options = { name: 'windows', samples, weightBits: bits, ...(rounded && { rounding: rounded }) };
  const packed = await packModel({ graph, source: new Uint8Array() }, options);
  const weights = valueOf(packed.graph, packed.graph.nodes[0]?.inputs[1] as string).constant as Int8Array;
  const rows = Array.from({ length: 16 }, (_, row) => weights.subarray(row * 9, row * 9 + 9));
  expect(rows.every(areWindowsFitting)).toBe(fits);
  expect(Math.max(...weights.map(Math.abs))).toBe(bits === 7 ? 63 : 127);
});
