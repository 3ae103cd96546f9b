import { expect, test } from 'vitest';
import { minimize } from '../../../compiler/linalg/lbfgs.ts';

test('finds the end of the curved valley of Rosenbrock 1960, in ten dimensions', () => {
  const { x, value, iterations } = minimize((x) => {
    let sum = 0;
    const gradient = new Float64Array(x.length);
    for (let i = 0; i + 1 < x.length; i++) {
      const [a, b] = [x[i] as number, x[i + 1] as number];
      sum += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
      gradient[i] = (gradient[i] as number) - 400 * a * (b - a * a) - 2 * (1 - a);
      gradient[i + 1] = (gradient[i + 1] as number) + 200 * (b - a * a);
    }
    return { value: sum, gradient };
  }, new Float64Array(10).fill(-1.2));
  expect(value).toBeLessThan(1e-12);
  for (const number of x) expect(number).toBeCloseTo(1, 5);
  expect(iterations).toBeLessThan(200);
});

test('stays where there is nothing to gain', () => {
  const flat = minimize((x) => ({ value: 7, gradient: new Float64Array(x.length) }), Float64Array.of(1, 2));
  expect(flat.value).toBe(7);
  expect([...flat.x]).toEqual([1, 2]);
});
