/** Encoded weights against the plain kernel on the same zeros: every encoding, every variant, dense layers and convolutions around the tile sizes. */
import { describe, expect, test } from 'vitest';
import { chooseByTime, type EncodingChoice, encodeAs, encodeForBytes, encodeForTime } from '../../../compiler/encoding/encode-plan.ts';
import { encodings } from '../../../compiler/encoding/index.ts';
import type { Rounds } from '../../../compiler/encoding/step-times.ts';
import { Engine } from '../../../compiler/engine.ts';
import { elementCount, type Graph, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { type ExecutionPlan, planExecution } from '../../../compiler/plan/plan.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { int8Variants, randomTensor } from '../ops/op-case.ts';

interface SparseCase {
  readonly x: readonly [number, number, number, number];
  readonly outChannels: number;
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
  /** Share of zeros. */
  readonly zeros: number;
  /** Zeros come in blocks of this many rows and columns. */
  readonly block?: readonly [number, number];
  /** Weights are whole multiples of this, -8 … 7 times. */
  readonly nibbles?: number;
  /** Weights are one of these. */
  readonly values?: readonly number[];
}

const cases: readonly SparseCase[] = [
  { x: [1, 1, 1, 64], outChannels: 32, kernel: [1, 1], zeros: 0.7, block: [16, 4] },
  { x: [1, 1, 1, 67], outChannels: 21, kernel: [1, 1], zeros: 0.9 },
  { x: [1, 1, 1, 5], outChannels: 3, kernel: [1, 1], zeros: 0.5 },
  { x: [1, 1, 5, 48], outChannels: 40, kernel: [1, 1], zeros: 0.6, block: [1, 16] },
  { x: [2, 7, 6, 8], outChannels: 17, kernel: [3, 3], pad: 1, zeros: 0.8, block: [16, 4] },
  // Three strips of rows; one pixel alone with a window of several lines.
  { x: [1, 10, 18, 12], outChannels: 24, kernel: [3, 3], pad: 1, zeros: 0.7, block: [16, 4] },
  { x: [1, 3, 3, 8], outChannels: 33, kernel: [3, 3], zeros: 0.7, block: [16, 4] },
  // Lines of windows that end inside a step of packing, at the end of a panel.
  { x: [1, 6, 6, 4], outChannels: 9, kernel: [4, 3], zeros: 0.7, block: [1, 16] },
  { x: [1, 9, 8, 3], outChannels: 8, kernel: [3, 2], stride: 2, pad: 1, zeros: 0.75 },
  { x: [1, 8, 8, 4], outChannels: 16, kernel: [3, 3], dilation: 2, zeros: 0.5, nibbles: 3 },
  { x: [1, 4, 4, 300], outChannels: 9, kernel: [1, 1], zeros: 0.97 },
  { x: [1, 1, 1, 1100], outChannels: 4, kernel: [1, 1], zeros: 0.995, block: [1, 16] },
  { x: [1, 3, 3, 16], outChannels: 16, kernel: [1, 1], zeros: 1 },
  { x: [1, 3, 3, 16], outChannels: 16, kernel: [2, 2], zeros: 0, nibbles: 1 },
  { x: [1, 1, 3, 35], outChannels: 19, kernel: [1, 1], zeros: 0, values: [-127, -101, -3, 1, 17, 90, 126, 127] },
];

function weightsOf({ x, outChannels, kernel, zeros, block = [1, 1], nibbles, values: few }: SparseCase): Int8Array {
  const columns = kernel[0] * kernel[1] * x[3];
  const values = randomTensor([outChannels * columns], 1, -127, 128).data;
  const kept = randomTensor([outChannels * columns], 2, 0, 1).data;
  return Int8Array.from(values, (value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const first = Math.floor(row / block[0]) * block[0] * columns + Math.floor(column / block[1]) * block[1];
    if ((kept[first] as number) < zeros) return 0;
    if (few) return few[Math.floor(Math.abs(value)) % few.length] as number;
    return nibbles ? Math.max(-8, Math.min(7, Math.floor(value / 16))) * nibbles : Math.floor(value) || 1;
  });
}

function graphOf(sparse: SparseCase): Graph {
  const { x, outChannels, kernel, stride = 1, pad = 0, dilation = 1 } = sparse;
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'int8', shape: x, quantization: { scale: [0.05], zeroPoint: 3 } });
  const data = weightsOf(sparse);
  const type = {
    dtype: 'int8',
    shape: [outChannels, ...kernel, x[3]],
    quantization: { scale: new Array(outChannels).fill(0.01), zeroPoint: 0, axis: 0 },
  } as const;
  const bias = tensor('int32', [outChannels], Array.from(randomTensor([outChannels], 3, -900, 900).data, Math.floor));
  const attributes = {
    kernel,
    stride: [stride, stride],
    dilation: [dilation, dilation],
    padBefore: [pad, pad],
    padAfter: [pad, pad],
    groups: 1,
    clamp: [-Infinity, Infinity],
  } as const;
  const y = builder.addOne(Conv2d, ['x', builder.addConstant({ type, data }, 'weights'), builder.addConstant(bias, 'bias')], attributes);
  builder.define(y, { ...builder.type(y), quantization: { scale: [0.02 * Math.sqrt(data.length / outChannels)], zeroPoint: -4 } });
  return builder.build('sparse', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]);
}

function pack(plan: ExecutionPlan): Uint8Array {
  return writePackedModel(plan, { name: 'sparse', inputs: [], outputs: [], steps: [] });
}

test.for(cases.map((sparse, i) => [i, sparse] as const))('case %i: every encoding gives the bytes of plain weights', async ([, sparse]) => {
  const plan = planExecution(graphOf(sparse));
  const inputBytes = elementCount(sparse.x);
  const outputBytes = elementCount(plan.tensors[plan.outputs[0] as number]?.type.shape ?? []);
  const input = Uint8Array.from(randomTensor([inputBytes], 5, 0, 256).data, Math.floor);
  let possible = 0;
  for (const variant of int8Variants) {
    const run = async (model: Uint8Array) => {
      const engine = await Engine.create(await fullRuntime(variant), model);
      // The second run meets a workspace full of the first one's numbers.
      for (let i = 0; i < 2; i++) {
        engine.input(0, inputBytes).set(input);
        engine.run();
      }
      return engine.output(0, outputBytes).slice();
    };
    const expected = await run(pack(plan));
    expect(new Set(expected).size).toBeGreaterThan(1);
    for (const { name } of encodings) {
      const encoded = encodeAs(plan, name);
      if (encoded.choices[0]?.encoding !== name) continue;
      possible++;
      expect(await run(pack(encoded.plan)), `${name} on ${variant}`).toEqual(expected);
    }
  }
  expect(possible).toBeGreaterThanOrEqual(int8Variants.length * (sparse.nibbles ? 6 : 5));
});

test('damaged encodings are refused, or run to the end inside their memory', async () => {
  for (const { name } of encodings) {
    const model = pack(
      encodeAs(planExecution(graphOf(cases[name === 'nibbles' ? 9 : name === 'codebook' ? 14 : 4] as SparseCase)), name).plan,
    );
    for (const variant of int8Variants) await expectSurvivesDamagedWords(model, 11, 200, variant);
  }
});

test('for bytes it takes the smallest, and plain weights where nothing is smaller', () => {
  const pick = (sparse: SparseCase) => encodeForBytes(planExecution(graphOf(sparse))).choices[0];
  const layer = { x: [1, 1, 1, 256], outChannels: 64, kernel: [1, 1] } as const;
  expect(pick({ ...layer, zeros: 0 })?.encoding).toBe('dense');
  expect(pick({ ...layer, zeros: 0.5 })?.encoding).toBe('bitmap');
  expect(pick({ ...layer, zeros: 0.97 })?.encoding).toBe('csr8');
  expect(pick({ ...layer, zeros: 0.9, block: [16, 4] })?.encoding).toBe('block16x4');
  expect(pick({ ...layer, zeros: 0, nibbles: 5 })?.encoding).toBe('codebook');
  expect(pick({ ...layer, zeros: 0, values: [-100, 1, 2, 101] })?.encoding).toBe('codebook');
  const chosen = pick({ ...layer, zeros: 0.97 });
  const bytes = chosen?.candidates.map((candidate) => candidate.bytes) ?? [];
  expect(Math.min(...bytes)).toBe(chosen?.candidates.find(({ encoding }) => encoding === chosen.encoding)?.bytes);
});

test('for time it measures every layer, and never takes single weights for their speed', async () => {
  const sparse: SparseCase = { x: [1, 1, 1, 1024], outChannels: 512, kernel: [1, 1], zeros: 0.9, block: [16, 4] };
  const { choices } = await encodeForTime(planExecution(graphOf(sparse)));
  expect(choices[0]?.encoding).toMatch(/^block/);
  for (const { us } of choices[0]?.candidates ?? []) expect(us).toBeGreaterThan(0);
});

describe('CSR is chosen only where it wins what was asked for', () => {
  const isCsr = (name: string | undefined) => name?.startsWith('csr') ?? false;
  const layer = { x: [1, 1, 4, 512], outChannels: 96, kernel: [1, 1] } as const;

  test('bytes: where it is the smallest, from nine zeros in ten', () => {
    const chosen = [0.3, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98].map((zeros) => {
      const choice = encodeForBytes(planExecution(graphOf({ ...layer, zeros }))).choices[0];
      const bytesOf = (name: string) => choice?.candidates.find(({ encoding }) => encoding === name)?.bytes as number;
      const csr = Math.min(bytesOf('csr8'), bytesOf('csr16'));
      const others = (choice?.candidates ?? []).filter(({ encoding }) => !isCsr(encoding)).map(({ bytes }) => bytes);
      expect(isCsr(choice?.encoding), `${zeros}`).toBe(csr < Math.min(...others));
      return isCsr(choice?.encoding);
    });
    expect(chosen).toEqual([false, false, false, false, true, true, true]);
  });

  test('time: never where blocks are measured faster, nor where plain weights are as small', () => {
    const pick = (sparse: SparseCase, rounds: Readonly<Record<string, Rounds>>) => {
      const { candidates } = encodeForBytes(planExecution(graphOf(sparse))).choices[0] as EncodingChoice;
      return chooseByTime(candidates, (name) => rounds[name] ?? quiet(8)).encoding;
    };
    const quiet = (us: number): Rounds => new Array(7).fill(us);
    const inBlocks: SparseCase = { ...layer, zeros: 0.9, block: [16, 4] };
    expect(pick(inBlocks, { block16x4: quiet(2), block1x16: quiet(3) })).toBe('block16x4');
    expect(pick(inBlocks, { block16x4: quiet(3), block1x16: quiet(2) })).toBe('block1x16');
    expect(isCsr(pick(inBlocks, { block16x4: quiet(7.8) }))).toBe(true);
    expect(isCsr(pick({ ...layer, zeros: 0.97 }, {}))).toBe(true);
    // A clock that errs by half does not make blocks of what has no zeros.
    expect(pick({ ...layer, zeros: 0 }, { block16x4: quiet(4), block1x16: quiet(4) })).toBe('dense');
  });
});

test('the matrix of methods.md section 5 in CSR', async () => {
  const { csr16 } = await import('../../../compiler/encoding/csr16.ts');
  const bytes = csr16.encode({ data: Int8Array.of(3, 0, 0, 0, 0, 2, 1, 0, 4), rows: 3, columns: 3 });
  expect([...(bytes ?? [])]).toEqual([1, 0, 1, 0, 2, 0, ...[0, 0, 2, 0, 0, 0, 2, 0], 3, 2, 1, 4]);
});
