/** A slice of test/acceptance/native-kernels: a network of every usual layer, and convolutions whose sums lie on ties. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { Engine } from '../../../compiler/engine.ts';
import type { Graph, TypedArray } from '../../../compiler/graph.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { readRecords } from '../../../compiler/packed/records.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import * as format from '../../../runtime-as/format.ts';
import { randomIntegers } from '../../damage.ts';
import { int8Model } from '../../int8-model.ts';
import type { RecordedCase } from '../../recorded-case.ts';
import { requireTool } from '../../require-tool.ts';
import { convolutionModel } from '../../runtime-as/kernels/convolution-case.ts';
import { precisionGraphs } from '../../runtime-as/kernels/precision-case.ts';
import { stepModel } from '../../runtime-as/kernels/step-case.ts';
import { expectSameArenas, imageCases } from './compare-cases.ts';
import { NativeRunner, sanitizers } from './native-runner.ts';

/** Runs the model here, on an arena of random bytes. */
async function runHere(name: string, model: Uint8Array): Promise<RecordedCase> {
  const engine = await Engine.create(await fullRuntime('scalar'), model);
  const packed = readPackedModel(model);
  const first = readRecords(packed).tensors.findIndex(({ region, offset }) => region === format.REGION_ARENA && offset === 0);
  const arena = engine.tensor(first, packed.arenaBytes);
  const random = randomIntegers(9);
  arena.forEach((_, i) => {
    arena[i] = random(256);
  });
  const before = arena.slice();
  engine.run();
  return { name, model, before, after: arena.slice() };
}

const CHANNELS = 128;

/** Accumulators and multipliers whose product is no tie, but rounds to one: a fused multiply-add sees the difference. */
function ties(): { accumulators: Int32Array; multipliers: Float32Array } {
  const random = randomIntegers(4);
  const accumulators = new Int32Array(CHANNELS);
  const multipliers = new Float32Array(CHANNELS);
  for (let found = 0; found < CHANNELS; ) {
    const half = random(200) - 99.5;
    const accumulator = Math.sign(half) * (2 ** 22 + random(2 ** 23));
    const multiplier = Math.fround(half / accumulator);
    const product = accumulator * multiplier;
    if (Math.fround(product) !== half || product === half) continue;
    // The nearest even integer, and the one that the exact product would give.
    if (2 * Math.round(half / 2) === Math.round(product)) continue;
    accumulators[found] = accumulator;
    multipliers[found++] = multiplier;
  }
  return { accumulators, multipliers };
}

/** A 1x1 convolution with weights of zero, so that the accumulators are the biases. */
function tieModel(): Uint8Array {
  const { accumulators, multipliers } = ties();
  // Batch, input and output of 1 x 1, kernel 1 x 1, strides, dilations; no padding, 1 group; clamps; zero points.
  const parameters = [1, 1, 1, 4, 1, 1, CHANNELS, 1, 1, 1, 1, 1, 1, 0, 0, 1, -128, 127, 0, 0];
  const constant = (dtype: 'int8' | 'int32' | 'float32', shape: readonly number[], data: TypedArray) => ({
    type: { dtype, shape },
    constant: data,
  });
  return stepModel({
    opcode: format.OPCODE_CONV2D_INT8,
    operands: [
      { type: { dtype: 'int8', shape: [1, 1, 1, 4] } },
      constant('int8', [CHANNELS, 1, 1, 4], new Int8Array(CHANNELS * 4)),
      constant('int32', [CHANNELS], accumulators),
      constant('float32', [CHANNELS], multipliers),
    ],
    output: { dtype: 'int8', shape: [1, 1, 1, CHANNELS] },
    parameters,
  });
}

function pack(graph: Graph): Uint8Array {
  return writePackedModel(planExecution(graph), { name: graph.name, inputs: [], outputs: [], steps: [] });
}

let cases: RecordedCase[];
let opcodes: number[];
beforeAll(async () => {
  cases = await Promise.all([
    int8Model().then((model) => runHere('network', model)),
    runHere('ties', tieModel()),
    runHere('3x3', convolutionModel({ x: [2, 7, 6, 5], outChannels: 9, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] })),
    runHere('groups', convolutionModel({ x: [1, 5, 6, 6], outChannels: 10, kernel: [3, 2], groups: 2, dilation: [1, 2] })),
    runHere('depthwise', convolutionModel({ x: [1, 8, 9, 13], outChannels: 13, groups: 13, kernel: [5, 3], stride: [2, 1] })),
    ...precisionGraphs().map((graph) => runHere(graph.name, pack(graph))),
  ]);
  opcodes = cases.flatMap(({ model }) => readPackedModel(model).opcodes);
});

test('the ties are ties: here they round to even', () => {
  const { accumulators, multipliers } = ties();
  const expected = Array.from(accumulators, (accumulator, i) => 2 * Math.round(Math.fround(accumulator * (multipliers[i] as number)) / 2));
  const { after } = cases[1] as RecordedCase;
  expect(Array.from(new Int8Array(after.buffer).slice(-CHANNELS))).toEqual(expected);
});

const isHaswell = /\bfma\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

test.for([
  { label: 'dsp, with sanitizers', vocabulary: 'dsp', flags: ['-std=c99', '-O1', ...sanitizers] },
  { label: 'mve, with sanitizers', vocabulary: 'mve', flags: ['-std=c99', '-O1', ...sanitizers] },
  {
    label: 'scalar, where products and sums may be fused',
    vocabulary: 'scalar',
    flags: ['-std=gnu11', '-O3', '-march=haswell', '-ffp-contract=fast'],
  },
  { label: 'scalar, with integer requantization', vocabulary: 'scalar', flags: ['-std=c99', '-O1', '-DWHITTLE_INTEGER_REQUANTIZE=1'] },
  { label: 'dsp, the same module as wasm2c', vocabulary: 'dsp', isHost: true },
  { label: 'dsp, wasm2c', vocabulary: 'dsp', flags: ['-O1', '-w'], wasm2c: true },
] as const)('the C gives the bytes of Node: $label', async ({ label, vocabulary, ...options }) => {
  if (!requireTool('gcc')) return;
  if (label.includes('fused') && !isHaswell) throw new Error('this test wants a CPU with fused multiply-add');
  using runner = await NativeRunner.build({ opcodes, vocabulary, ...options });
  expectSameArenas(runner, await imageCases(cases, vocabulary), label);
});
