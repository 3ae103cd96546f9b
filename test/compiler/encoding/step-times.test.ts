/** Which of two measured steps is faster, on machines that are not always idle. */
import { expect, test } from 'vitest';
import { isFaster } from '../../../compiler/encoding/step-times.ts';

test('faster is what has the least time and wins most of the rounds, by more than noise', () => {
  const plain = [10, 10, 10, 10, 10, 10, 10];
  expect(isFaster([5, 5, 5, 5, 5, 5, 5], plain)).toBe(true);
  expect(isFaster([9.6, 9.6, 9.6, 9.6, 9.6, 9.6, 9.6], plain)).toBe(false);
});

test('neither a busy machine nor one quiet moment decides', () => {
  // Three of seven rounds were interrupted.
  expect(isFaster([5, 50, 5, 50, 5, 50, 5], [10, 10, 10, 10, 10, 10, 10])).toBe(true);
  // The plain step was interrupted in every round but one.
  expect(isFaster([10, 10, 10, 10, 10, 10, 10], [15, 15, 15, 10, 15, 15, 15])).toBe(false);
  // One round was as quick as none of the others.
  expect(isFaster([10, 10, 10, 7, 10, 10, 10], [10, 10, 10, 10, 10, 10, 10])).toBe(false);
});
