import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { AccuracyMeter, compareGraphs } from '../../../compiler/quantization/accuracy.ts';
import { calibrate, rangesOf } from '../../../compiler/quantization/calibrate.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { randomTensor } from '../ops/op-case.ts';

describe('AccuracyMeter', () => {
  test('signal to noise in dB and the cosine, over everything added', () => {
    const meter = new AccuracyMeter();
    meter.add([3, 4], [3, 5]);
    meter.add([0, 5], [1, 5]);
    // Signal 50, noise 2; product 9 + 20 + 25, squares 50 and 60.
    expect(meter.accuracy.sqnr).toBeCloseTo(10 * Math.log10(25), 12);
    expect(meter.accuracy.cosine).toBeCloseTo(54 / Math.sqrt(50 * 60), 12);
  });

  test('equal values are infinitely exact, also when all are zero', () => {
    for (const value of [0, 2]) {
      const meter = new AccuracyMeter();
      meter.add([value], [value]);
      expect(meter.accuracy).toEqual({ sqnr: Number.POSITIVE_INFINITY, cosine: 1 });
    }
  });
});

test('every layer of a quantized graph is compared with the float layer of its name', async () => {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [2, 16] });
  let last = 'x';
  for (const name of ['a', 'b', 'y']) {
    const weights = builder.addConstant(randomTensor([16, 16], name.charCodeAt(0)), `${name}.w`);
    const bias = builder.addConstant(randomTensor([16], 7), `${name}.b`);
    [last] = builder.add(Dense, [last, weights, bias], unclamped, { name, outputs: [name] }) as [string];
  }
  const graph = builder.build('layers', [{ name: 'x', value: 'x' }], [{ name: 'y', value: 'y' }]);
  const samples = Array.from({ length: 8 }, (_, i) => [randomTensor([2, 16], i).data]);
  const calibration = await calibrate(graph, samples);
  expect(calibration.sampleCount).toBe(8);
  expect([...calibration.histograms.keys()]).toEqual(['x', 'a', 'b', 'y']);
  const ranges = rangesOf(graph, calibration, 'min-max');
  const seen = (name: string) => calibration.histograms.get(name)?.max as number;
  expect(ranges.get('b')?.max).toBe(seen('b'));
  // Outputs of the model may reach a tenth further than what was seen.
  expect(ranges.get('y')?.max).toBeCloseTo(1.1 * seen('y'), 6);
  const { graph: quantized } = quantizeGraph(graph, ranges);
  const accuracies = await compareGraphs(graph, quantized, samples);
  expect([...accuracies.keys()]).toEqual(['a', 'b', 'y']);
  // 8 bits over a range of about ±3 standard deviations give some 40 dB, and every layer adds its noise.
  const sqnr = (name: string) => accuracies.get(name)?.sqnr ?? 0;
  expect(sqnr('a')).toBeGreaterThan(38);
  expect(sqnr('y')).toBeGreaterThan(33);
  expect(sqnr('y')).toBeLessThan(sqnr('a'));
});
