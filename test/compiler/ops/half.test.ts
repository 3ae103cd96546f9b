/** Half precision as integers: every finite half, ties, subnormals, and what is too large. */
import { expect, test } from 'vitest';
import { halfBits, halfValue, LARGEST_HALF } from '../../../compiler/ops/half.ts';

const INFINITY_BITS = 0x7c00;

test('every finite half comes back as itself, of either sign', () => {
  for (let bits = 0; bits < INFINITY_BITS; bits++) {
    for (const half of [bits, bits | 0x8000]) if (halfBits(halfValue(half)) !== half) expect.fail(`half ${half}`);
  }
});

test('halves ascend with their bits, so that the next one is one step away', () => {
  for (let bits = 1; bits < INFINITY_BITS; bits++) if (!(halfValue(bits) > halfValue(bits - 1))) expect.fail(`half ${bits} is not larger`);
});

test('between two halves the nearest is taken, and the even one in the middle', () => {
  for (let bits = 0; bits < INFINITY_BITS - 1; bits++) {
    const [a, b] = [halfValue(bits), halfValue(bits + 1)];
    const middle = (a + b) / 2;
    if (halfBits(middle) !== bits + (bits & 1)) expect.fail(`the middle behind half ${bits}`);
    if (halfBits(a + (b - a) * 0.49) !== bits || halfBits(a + (b - a) * 0.51) !== bits + 1) expect.fail(`near half ${bits}`);
  }
});

test.for([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [1 / 3, 0x3555],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [LARGEST_HALF, 0x7bff],
  [65519, 0x7bff],
  [1e9, 0x7bff],
  [-Infinity, 0xfbff],
] as const)('%f is 0x%s', ([value, bits]) => {
  expect(halfBits(value)).toBe(bits);
});
