import { expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, valueOf } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { compareGraphs, inputsOf, realNumbers } from '../../../compiler/quantization/accuracy.ts';
import { correctBiases } from '../../../compiler/quantization/bias-correction.ts';
import { calibrate, rangesOf } from '../../../compiler/quantization/calibrate.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { randomTensor } from '../ops/op-case.ts';

/** x [2, 16] → Dense with a fused ReLU → reshaped → Dense → y. */
function network(): Graph {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [2, 16] });
  const dense = (name: string, x: string, n: number, k: number, clamp: readonly [number, number]) => {
    const weights = builder.addConstant(randomTensor([n, k], n), `${name}.w`);
    const bias = builder.addConstant(randomTensor([n], 7, 0, 1), `${name}.b`);
    return builder.addOne(Dense, [x, weights, bias], { clamp }, { name, output: name });
  };
  const flat = builder.addOne(Reshape, [dense('a', 'x', 24, 16, [0, Infinity])], { shape: [1, 48] }, { output: 'flat' });
  dense('y', flat, 8, 48, [-Infinity, Infinity]);
  return builder.build('network', [{ name: 'x', value: 'x' }], [{ name: 'y', value: 'y' }]);
}

const samples = (seed: number) => Array.from({ length: 40 }, (_, i) => [randomTensor([2, 16], seed + i, 0, 1).data]);

/** Mean over samples of what each output is off by. */
async function shiftOf(float: Graph, quantized: Graph): Promise<number> {
  const [reference, candidate] = [await Executor.create(float), await Executor.create(quantized)];
  const shifts = new Float64Array(8);
  for (const sample of samples(1)) {
    const expected = reference.run(sample)[0]?.data as Float32Array;
    const actual = realNumbers(candidate.run(inputsOf(quantized, sample))[0]?.data as Int8Array, valueOf(quantized, 'y').type.quantization);
    for (let c = 0; c < 8; c++) shifts[c] = (shifts[c] as number) + ((actual[c] as number) - (expected[c] as number)) / 40;
  }
  return Math.max(...shifts.map(Math.abs));
}

test('takes back the shift that clipped and coarse values cause', async () => {
  const float = network();
  const ranges = rangesOf(float, await calibrate(float, samples(1)), 'min-max');
  // Clipping the hidden values at 60 % of their range shifts every output.
  const hidden = ranges.get('a') as { min: number; max: number };
  ranges.set('a', { min: 0, max: 0.6 * hidden.max });
  const { graph } = quantizeGraph(float, ranges);
  const corrected = await correctBiases(float, graph, samples(1));
  const step = valueOf(graph, 'y').type.quantization?.scale[0] as number;
  expect(await shiftOf(float, graph)).toBeGreaterThan(3 * step);
  // What remains is the rounding of the output itself.
  expect(await shiftOf(float, corrected)).toBeLessThan(step);
  const sqnr = async (candidate: Graph) => (await compareGraphs(float, candidate, samples(1000))).get('y')?.sqnr as number;
  expect(await sqnr(corrected)).toBeGreaterThan(await sqnr(graph));
});

test('changes nothing but biases, and nothing at all without samples', async () => {
  const float = network();
  const { graph } = quantizeGraph(float, rangesOf(float, await calibrate(float, samples(1)), 'mse'));
  expect(await correctBiases(float, graph, [])).toBe(graph);
  const corrected = await correctBiases(float, graph, samples(1));
  expect(corrected.nodes).toEqual(graph.nodes);
  const changed = [...graph.values.keys()].filter((name) => graph.values.get(name) !== corrected.values.get(name));
  expect(changed.every((name) => valueOf(graph, name).type.dtype === 'int32')).toBe(true);
});
