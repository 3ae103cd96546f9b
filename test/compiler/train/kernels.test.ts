/** The float32 product around its tile of 4 x 8 and its block of 256, and Adam against numbers computed by hand. */
import { describe, expect, test } from 'vitest';
import { uniformRandom } from '../../../compiler/linalg/random.ts';
import { Adam } from '../../../compiler/train/adam.ts';
import { TrainingMemory } from '../../../compiler/train/memory.ts';

describe('product', () => {
  const memory = new TrainingMemory();
  const random = uniformRandom(3);
  const numbers = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);
  const sizes = [1, 3, 4, 5, 65].flatMap((m) => [1, 7, 8, 9, 17].flatMap((n) => [1, 255, 257].map((k) => [m, n, k] as const)));

  test.each(sizes)('[%i, %i] over %i', (m, n, k) => {
    const [a, b, c] = [memory.floats(numbers(m * k)), memory.floats(numbers(k * n)), memory.floats(numbers(m * n))];
    const before = c.data.slice();
    const at = (i: number, p: number) => a.data[i * k + p] as number;
    const product = (i: number, j: number, element: (i: number, p: number) => number) => {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += element(i, p) * (b.data[p * n + j] as number);
      return sum;
    };
    memory.kernels.productFloat32(m, n, k, a.address, 4 * k, 4, b.address, 4 * n, c.address, 4 * n, 1);
    for (let i = 0; i < m * n; i++) expect(c.data[i]).toBeCloseTo((before[i] as number) + product(Math.floor(i / n), i % n, at), 4);
    // The same numbers as a transposed operand, and the target overwritten.
    memory.kernels.productFloat32(m, n, k, a.address, 4, 4 * m, b.address, 4 * n, c.address, 4 * n, 0);
    for (let i = 0; i < m * n; i++)
      expect(c.data[i]).toBeCloseTo(
        product(Math.floor(i / n), i % n, (row, p) => a.data[p * m + row] as number),
        4,
      );
  });
});

test('Adam takes two steps', () => {
  const parameters = Float32Array.of(1, 1);
  const adam = new Adam(2);
  const rates = [0.1, 0];
  adam.step(parameters, Float32Array.of(4, 4), rates, 0.5);
  // Of the first gradient, only the sign counts.
  expect(parameters[0]).toBeCloseTo(0.95, 6);
  adam.step(parameters, Float32Array.of(-2, -2), rates, 0.5);
  // m = (0.9·0.4 - 0.2) / 0.19, v = (0.999·0.016 + 0.004) / 0.001999
  expect(parameters[0]).toBeCloseTo(0.95 - (0.05 * (0.16 / 0.19)) / Math.sqrt(0.019984 / 0.001999), 6);
  // Where the rate is zero, nothing moves.
  expect(parameters[1]).toBe(1);
});
