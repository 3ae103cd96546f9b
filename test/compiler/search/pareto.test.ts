import { expect, test } from 'vitest';
import { paretoFront } from '../../../compiler/search/pareto.ts';

test('the front holds what nothing beats, once, the cheapest first', () => {
  const point = (size: number, drop: number, name: string) => ({ costs: { size }, drop, name });
  const front = paretoFront(
    [
      point(60, 0.5, 'a'),
      point(50, 1, 'b'),
      point(55, 1, 'beaten by b'),
      point(50, 1, 'as b'),
      point(70, 0.5, 'beaten by a'),
      point(80, 0, 'c'),
    ],
    ['size'],
  );
  expect(front.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
});
