/** Goals: what is understood, what is refused with a reason, and which of two results is nearer. */
import { describe, expect, test } from 'vitest';
import { isBetter, parseGoal, violation } from '../../../compiler/search/goal.ts';

describe('parseGoal', () => {
  test.for([
    ['size<=60KB,drop<=0.5', { size: 61440 }, 0.5],
    ['size < 1.5 MB', { size: 1.5 * 1024 * 1024 }, undefined],
    ['drop<1%', {}, 1],
    ['latency<=2ms, macs<=6.2M, params<=40k', { time: 2000, macs: 6_200_000, parameters: 40_000 }, undefined],
    ['instructions<=12M', { instructions: 12_000_000 }, undefined],
  ] as const)('%s', ([text, budgets, drop]) => {
    const goal = parseGoal(text);
    expect(goal.budgets).toEqual(budgets);
    expect(goal.drop).toBe(drop);
  });

  test('every mistake is named, with what is possible', () => {
    const message = (() => {
      try {
        parseGoal('size<=60XB,speed<=3,drop,time<=5,macs<=1M,macs<=2M');
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    })();
    for (const part of [
      'the unit "XB" is unknown; size is written in',
      '"speed" cannot be limited',
      '"drop" is no limit',
      '"time<=5": it has no unit',
      'macs is limited twice',
      'size<=60KB',
    ])
      expect(message).toContain(part);
  });
});

describe('which is better', () => {
  const reached = (size: number, drop: number, loss = 0) => ({ costs: { size }, drop, loss });

  test('within the budgets the smaller drop; of equal ones the smaller file, then the smaller loss', () => {
    const goal = parseGoal('size<=100B');
    expect(isBetter(goal, reached(100, 1), reached(50, 2))).toBe(true);
    expect(isBetter(goal, reached(50, 1, 0.2), reached(100, 1, 0.1))).toBe(true);
    expect(isBetter(goal, reached(50, 1, 0.1), reached(50, 1, 0.2))).toBe(true);
    expect(isBetter(goal, reached(101, 0), reached(100, 9))).toBe(false);
  });

  test('with a limit on the drop alone, the smaller size', () => {
    const goal = parseGoal('drop<=1');
    expect(isBetter(goal, reached(50, 1), reached(60, 0))).toBe(true);
    expect(isBetter(goal, reached(50, 1.1), reached(60, 1))).toBe(false);
  });

  test('a limit of which nothing is known is not kept', () => {
    expect(violation(parseGoal('time<=1ms'), reached(1, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(violation(parseGoal('size<=100B,drop<=1'), reached(110, 1.5))).toBeCloseTo(0.1 + 0.5);
  });
});
