/**
 * What block-sparse weights and thin pairs of layers are worth in time against the dense layer, in turns, in Node and in
 * Chromium, beside the factors of the design's prototypes (kernels.md, "Sparse" and "Low rank FC"):
 *
 *     npm run bench:encodings [-- --on node|chromium] [-- --variant simd] [-- --layer TEXT] [-- --json]
 *
 * The factor is the dense minimum over the other minimum: other load on the machine disturbs it least. A layer with one
 * position uses each weight once, so that its rate says what bounds it: bytes of weights per second beside what memory gives
 * (memchr over as many bytes, in this process) and what the engine multiplies out of the first-level cache. No more than the
 * ratio of the bytes can be won where memory is not the bound.
 */
import { loadavg } from 'node:os';
import { encodeAs } from '../../compiler/encoding/encode-plan.ts';
import { elementCount, tensor } from '../../compiler/graph.ts';
import { uniformRandom } from '../../compiler/linalg/random.ts';
import { GraphBuilder } from '../../compiler/onnx/builder.ts';
import { Conv2d } from '../../compiler/ops/conv2d.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import type { Variant } from '../../compiler/root.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { median } from '../../devices/statistics.ts';

interface Layer {
  readonly name: string;
  /** [height, width, channels]; a dense layer has one position. */
  readonly input: readonly [number, number, number];
  readonly outputs: number;
  readonly kernel: number;
  /** kernels.md: 16x4 blocks at 70 % zeros; the pair at a quarter of its break-even rank. */
  readonly blocks?: number;
  readonly pair?: number;
  /** Why the prototypes' factor is another matter. */
  readonly note?: string;
}

/** Where the prototypes were not measured on that layer, "near linear" counts: 1 / 0.3. */
const LINEAR = 1 / 0.3;
const layers: readonly Layer[] = [
  { name: 'FC 1024x1008', input: [1, 1, 1024], outputs: 1008, kernel: 1, blocks: 3.9, pair: 4.6 },
  {
    name: 'FC 4096x1008',
    input: [1, 1, 4096],
    outputs: 1008,
    kernel: 1,
    blocks: 7,
    pair: 5.1,
    note: 'their dense layer waited for memory: 189 to 450 us',
  },
  { name: '1x1 196x384x64', input: [14, 14, 384], outputs: 64, kernel: 1, blocks: LINEAR },
  { name: '1x1 196x96x576', input: [14, 14, 96], outputs: 576, kernel: 1, blocks: LINEAR },
  {
    name: '3x3 14x14 64-64',
    input: [14, 14, 64],
    outputs: 64,
    kernel: 3,
    blocks: LINEAR,
    note: "the dense layer runs by Winograd's filtering, which makes a quarter of the products",
  },
];

const ZEROS = 0.7;
const BLOCK: readonly [number, number] = [16, 4];
const ROUNDS = 120;
const WARM_UP_US = 400_000;
/** Long against the clock's step, short against a time slice. */
const TURN_US = 2000;

type Weights = (row: number, column: number) => number;

/** Links of 1x1 or KxK convolutions: the first one has the window. */
function packed({ input, kernel }: Layer, links: readonly { outputs: number; weights: Weights }[], encoding?: string): Uint8Array {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'int8', shape: [1, ...input], quantization: { scale: [0.05], zeroPoint: 3 } });
  let x = 'x';
  links.forEach(({ outputs, weights }, link) => {
    const side = link === 0 ? kernel : 1;
    const shape = [outputs, side, side, builder.shape(x).at(-1) as number];
    const columns = elementCount(shape) / outputs;
    const data = Int8Array.from({ length: outputs * columns }, (_, i) => weights(Math.floor(i / columns), i % columns));
    const type = { dtype: 'int8', shape, quantization: { scale: new Array(outputs).fill(0.01), zeroPoint: 0, axis: 0 } } as const;
    const bias = tensor('int32', [outputs], new Array(outputs).fill(7));
    const pad = (side - 1) / 2;
    const y = builder.addOne(Conv2d, [x, builder.addConstant({ type, data }), builder.addConstant(bias)], {
      kernel: [side, side],
      stride: [1, 1],
      dilation: [1, 1],
      padBefore: [pad, pad],
      padAfter: [pad, pad],
      groups: 1,
      clamp: [-Infinity, Infinity],
    });
    builder.define(y, { ...builder.type(y), quantization: { scale: [0.05 * Math.sqrt(columns)], zeroPoint: -4 } });
    x = y;
  });
  const plan = planExecution(builder.build('layer', [{ name: 'x', value: 'x' }], [{ name: 'y', value: x }]));
  const encoded = encoding ? encodeAs(plan, encoding) : { plan, choices: [] };
  if (encoding && encoded.choices[0]?.encoding !== encoding) throw new Error(`the weights cannot be encoded as ${encoding}`);
  return writePackedModel(encoded.plan, { name: 'layer', inputs: [], outputs: [], steps: [] });
}

/** Reproducible weights; `zeros` of their blocks are 0. */
function weightsOf(columns: number, zeros: number): Weights {
  const random = uniformRandom(1);
  const stripe = Math.ceil(columns / BLOCK[1]);
  const kept = new Map<number, boolean>();
  return (row, column) => {
    const block = Math.floor(row / BLOCK[0]) * stripe + Math.floor(column / BLOCK[1]);
    if (!kept.has(block)) kept.set(block, random() >= zeros);
    return kept.get(block) ? ((row * 31 + column * 37) % 127) * 2 - 127 || 1 : 0;
  };
}

interface Contestant {
  readonly name: string;
  /** Of the weights that are not left out. */
  readonly weightBytes: number;
  readonly bytes: Uint8Array;
  readonly expected?: number;
}

function contestantsOf(layer: Layer): Contestant[] {
  const columns = layer.kernel ** 2 * layer.input[2];
  const [dense, sparse] = [weightsOf(columns, 0), weightsOf(columns, ZEROS)];
  const rank = Math.floor((columns * layer.outputs) / (columns + layer.outputs) / 4);
  const pair = () =>
    packed(layer, [
      { outputs: rank, weights: weightsOf(columns, 0) },
      { outputs: layer.outputs, weights: weightsOf(rank, 0) },
    ]);
  return [
    { name: 'dense', weightBytes: columns * layer.outputs, bytes: packed(layer, [{ outputs: layer.outputs, weights: dense }]) },
    {
      name: 'block16x4, 70 % zeros',
      weightBytes: (1 - ZEROS) * columns * layer.outputs,
      bytes: packed(layer, [{ outputs: layer.outputs, weights: sparse }], 'block16x4'),
      ...(layer.blocks && { expected: layer.blocks }),
    },
    ...(layer.pair
      ? [{ name: `pair of rank ${rank}`, weightBytes: rank * (columns + layer.outputs), bytes: pair(), expected: layer.pair }]
      : []),
  ];
}

interface Row {
  readonly layer: string;
  readonly device: string;
  readonly variant: string;
  readonly name: string;
  readonly minUs: number;
  readonly medianUs: number;
  readonly factor: number;
  /** Multiply-accumulates per second, in units of 1e9: for a layer with one position also gigabytes of weights. */
  readonly rate: number;
  /** How many times fewer products than the dense layer has: where `expected` is more, the prototypes' dense layer was slower. */
  readonly products: number;
  readonly expected?: number;
  readonly note?: string;
}

async function warmUp(device: Device): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let elapsed = 0; elapsed < WARM_UP_US; ) {
    const us = await device.time(8);
    elapsed += us;
    best = Math.min(best, us / 8);
  }
  return Math.max(1, Math.ceil(TURN_US / best));
}

async function race(layer: Layer, deviceName: string, variant: Variant): Promise<Row[]> {
  const seats: { contestant: Contestant; device: Device; runs: number; times: number[] }[] = [];
  try {
    for (const contestant of contestantsOf(layer)) {
      const device = await openDevice(deviceName);
      seats.push({ contestant, device, runs: 1, times: [] });
      await device.deploy({ model: contestant.bytes, variant, kernels: 'all' });
      await device.infer([new Uint8Array(elementCount(layer.input)).fill(5)]);
      seats[seats.length - 1] = { contestant, device, runs: await warmUp(device), times: [] };
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const { device, runs, times } of seats) times.push((await device.time(runs)) / runs);
    }
    const denseUs = Math.min(...(seats[0]?.times ?? []));
    const positions = layer.input[0] * layer.input[1];
    return seats.map(({ contestant: { name, weightBytes, expected }, times }) => {
      const minUs = Math.min(...times);
      return {
        layer: layer.name,
        device: deviceName,
        variant,
        name,
        minUs,
        medianUs: median(times),
        factor: denseUs / minUs,
        rate: (positions * weightBytes) / minUs / 1000,
        products: (seats[0]?.contestant.weightBytes ?? 0) / weightBytes,
        ...(expected && { expected, ...(layer.note && { note: layer.note }) }),
      };
    });
  } finally {
    for (const { device } of seats) await device.close();
  }
}

function optionOf(name: string, otherwise: string): string {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

/** Bytes per second that memchr reads from a buffer of this size, in units of 1e9: the best of many. */
function readRate(bytes: number): number {
  // Pages of nothing but zeros would be one page.
  const buffer = Buffer.alloc(bytes, 2);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 200; round++) {
    const start = performance.now();
    buffer.indexOf(1);
    best = Math.min(best, performance.now() - start);
  }
  return bytes / best / 1e6;
}

async function dotRate(deviceName: string, model: Uint8Array, variant: Variant): Promise<number | undefined> {
  const device = await openDevice(deviceName);
  try {
    await device.deploy({ model, variant, kernels: 'all' });
    const roofline = await device.roofline?.();
    return roofline && roofline.dot / 1e9;
  } finally {
    await device.close();
  }
}

const isJson = process.argv.includes('--json');
const variant = optionOf('--variant', 'simd') as Variant;
const reads = [1, 4, 64].map((mebibytes) => ({ mebibytes, rate: readRate(mebibytes * 2 ** 20) }));
const rooflines: Record<string, number | undefined> = {};
if (!isJson) console.log(`memory reads: ${reads.map(({ mebibytes, rate }) => `${rate.toFixed(1)} GB/s from ${mebibytes} MB`).join(', ')}`);
const rows: Row[] = [];
for (const device of optionOf('--on', 'node,chromium').split(',')) {
  rooflines[device] = await dotRate(device, packed(layers[0] as Layer, [{ outputs: 16, weights: weightsOf(1024, 0) }]), variant);
  if (!isJson) console.log(`${device}: ${rooflines[device]?.toFixed(1)} GMAC/s out of the first-level cache`);
  for (const layer of layers.filter(({ name }) => name.includes(optionOf('--layer', '')))) {
    for (const row of await race(layer, device, variant)) {
      rows.push(row);
      if (isJson) continue;
      const beside = row.expected
        ? `kernels.md ${row.expected.toFixed(1)}x, ${((100 * row.factor) / row.expected).toFixed(0)} % of it; products ${row.products.toFixed(2)}x`
        : '';
      console.log(
        `${row.device.padEnd(9)}${row.variant.padEnd(8)}${row.layer.padEnd(16)}${row.name.padEnd(22)}min ${row.minUs.toFixed(1).padStart(7)} us  median ${row.medianUs.toFixed(1).padStart(7)} us  ${row.factor.toFixed(2)}x  ${row.rate.toFixed(1).padStart(5)} GMAC/s  ${beside}`,
      );
    }
  }
}
const [loadAverage] = loadavg();
if (isJson) console.log(JSON.stringify({ rounds: ROUNDS, turnUs: TURN_US, zeros: ZEROS, loadAverage, reads, rooflines, rows }));
else console.log(`load average ${loadAverage?.toFixed(2)}; ${ROUNDS} turns of ${TURN_US / 1000} ms each`);
