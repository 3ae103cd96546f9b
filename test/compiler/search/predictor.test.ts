/** Predictions from measurements of single options. */
import { expect, test } from 'vitest';
import type { Decision, Option } from '../../../compiler/search/decisions.ts';
import { Predictor } from '../../../compiler/search/predictor.ts';

const option = (name: string): Option => ({ name });
const series = { name: 'levels', options: ['a', 'b', 'c', 'd', 'e'].map(option) };
const decision = (target: string, share: number): Decision => ({ name: target, kind: 'precision', target, share, series: [series] });
const [a, b, c, d, e] = series.options as [Option, Option, Option, Option, Option];
const base = { loss: 0, costs: { size: 100 } };

test('strengths in between: sizes in equal steps, losses by equal factors; nothing beyond what was measured', () => {
  const large = decision('large', 0.9);
  const predictor = new Predictor([large], ['size'], base);
  predictor.learn(new Map(), large, a, base, { loss: 0.001, costs: { size: 90 } });
  predictor.learn(new Map(), large, c, base, { loss: 0.004, costs: { size: 70 } });
  predictor.learn(new Map(), large, d, base, { loss: 0.02, costs: { size: 66 } });
  predictor.smooth(series);
  const between = predictor.predict(new Map([['large', b]]));
  expect(between.costs.size).toBeCloseTo(80);
  expect(between.loss).toBeCloseTo(0.002);
  expect(predictor.predict(new Map([['large', c]]))).toEqual({ loss: 0.004, costs: { size: 70 } });
  expect(predictor.predict(new Map([['large', e]]))).toEqual(base);
  expect(predictor.best({ size: 80 }).get('large')).toBe(b);
});

test('losses that a probe cannot see are told from stronger settings; what seems to gain loses nothing', () => {
  const large = decision('large', 0.9);
  const predictor = new Predictor([large], ['size'], base);
  predictor.learn(new Map(), large, a, base, { loss: -0.0002, costs: { size: 98 } });
  predictor.learn(new Map(), large, c, base, { loss: 0.0004, costs: { size: 80 } });
  predictor.learn(new Map(), large, d, base, { loss: 0.001, costs: { size: 70 } });
  predictor.learn(new Map(), large, e, base, { loss: 0.004, costs: { size: 60 } });
  predictor.smooth(series);
  const lossOf = (chosen: Option) => predictor.predict(new Map([['large', chosen]])).loss;
  expect(lossOf(c)).toBeCloseTo(0.00025);
  expect(lossOf(a)).toBeCloseTo(0.001 * 4 ** -2.8);
  expect(lossOf(d)).toBe(0.001);
  const alone = new Predictor([large], ['size'], base);
  alone.learn(new Map(), large, a, base, { loss: -0.0002, costs: { size: 98 } });
  alone.learn(new Map(), large, b, base, { loss: 0.0004, costs: { size: 90 } });
  alone.smooth(series);
  expect([a, b].map((chosen) => alone.predict(new Map([['large', chosen]])).loss)).toEqual([0, 0.0004]);
});

test('options that were measured only as a whole share it by the size of their targets', () => {
  const [large, small] = [decision('large', 0.6), decision('small', 0.2)];
  const predictor = new Predictor([large, small], ['size'], base);
  predictor.anchorAt(
    new Map([
      ['large', a],
      ['small', b],
    ]),
    { loss: 0.04, costs: { size: 60 } },
  );
  expect(predictor.predict(new Map()).costs.size).toBeCloseTo(100);
  const one = predictor.predict(new Map([['large', a]]));
  expect(one.costs.size).toBeCloseTo(70);
  expect(one.loss).toBeCloseTo(0.03);
});
