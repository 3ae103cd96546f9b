/**
 * whittle against onnxruntime-web (float32 and QDQ int8), one thread, in one Chromium page, in turns:
 *
 *     npm run bench:peers [-- --json] [-- --model NAME]
 *
 * The peer is installed into a folder of its own, never with the project. Times are ratios of one interleaved run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compileModel } from '../../../compiler/compile.ts';
import { loadOnnx } from '../../../compiler/onnx/load.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { packageRoot } from '../../../compiler/root.ts';
import { CdpBrowser } from '../../../devices/browser/cdp.ts';
import { findChromium } from '../../../devices/browser/device.ts';
import { MemoryServer } from '../../../devices/browser/server.ts';
import { percentile } from '../../../devices/measure.ts';
import { buildRuntime } from '../../../targets/build-runtime.ts';
import { insertQuantizeDequantize, observeRanges } from './qdq.ts';

const ORT_VERSION = '1.30.0';
const ROUNDS = 25;
/** Length of one turn. */
const TURN_US = 60_000;

const shared = process.env.WHITTLE_SHARED_DATA ?? join(packageRoot, '..', 'shared', 'data');
const models: readonly { name: string; path: string; shape: readonly number[] }[] = [
  { name: 'MobileNetV2-224', path: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx', shape: [1, 3, 224, 224] },
  { name: 'SqueezeNet', path: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', shape: [1, 3, 224, 224] },
  { name: 'VWW', path: 'vww-mobilenetv1/model_fp32_folded.onnx', shape: [1, 3, 96, 96] },
  { name: 'ResNet-8', path: 'ic-resnet8/model_fp32_folded.onnx', shape: [1, 3, 32, 32] },
  { name: 'DS-CNN', path: 'kws-dscnn/model_fp32.onnx', shape: [1, 1, 49, 10] },
];

/** Installs the peer once; returns the folder of its distribution. */
function installPeer(): string {
  const folder = join(process.env.WHITTLE_CACHE ?? join(homedir(), '.cache', 'whittle'), 'peers');
  const dist = join(folder, 'node_modules', 'onnxruntime-web', 'dist');
  if (!existsSync(join(dist, 'ort.wasm.min.mjs'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    execFileSync('npm', ['install', '--silent', '--ignore-scripts', `onnxruntime-web@${ORT_VERSION}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return dist;
}

interface Row {
  readonly model: string;
  readonly runtime: string;
  readonly minUs: number;
  readonly medianUs: number;
  readonly p90Us: number;
  readonly loadUs: number;
  readonly firstUs: number;
  /** Runtime and model, gzip level 9. */
  readonly downloadGzipBytes: number;
}

interface StartTimes {
  readonly loadUs: number;
  readonly firstUs: number;
}

type Evaluate = (expression: string) => Promise<unknown>;

async function race(evaluate: Evaluate, names: readonly string[]): Promise<Map<string, number[]>> {
  const runs = new Map<string, number>();
  for (const name of names) {
    let single = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) single = Math.min(single, (await evaluate(`peers.time('${name}', 2)`)) as number);
    runs.set(name, Math.max(1, Math.ceil(TURN_US / single)));
  }
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) times.get(name)?.push((await evaluate(`peers.time('${name}', ${runs.get(name)})`)) as number);
  }
  return times;
}

async function benchModel(
  { name, path, shape }: (typeof models)[number],
  files: Map<string, string | Uint8Array>,
  evaluate: Evaluate,
): Promise<Row[]> {
  const { model, bytes: float } = loadOnnx(join(shared, path));
  const count = shape.reduce((product, extent) => product * extent, 1);
  const samples = [1, 2, 3].map((seed) =>
    Float32Array.from({ length: count }, (_, i) => (((i * 97 + seed * 31) % 255) / 128 - 1) * (shape[2] === 32 ? 128 : 1)),
  );
  const { bytes: packed } = await compileModel({ onnx: float, name, samples: samples.map((sample) => [sample]) });
  const runtime = await buildRuntime(readPackedModel(packed).opcodes, 'simd');
  const qdq = insertQuantizeDequantize(model, await observeRanges(model, samples));
  const put = (file: string, content: Uint8Array) => files.set(`/${name}/${file}`, content);
  put('model.whittle', packed);
  put('runtime.wasm', runtime);
  put('float.onnx', float);
  put('qdq.onnx', qdq);

  const gzip = (...parts: Uint8Array[]) => parts.reduce((sum, part) => sum + gzipSync(part, { level: 9 }).length, 0);
  const ortWasm = [...files].filter(([file]) => file.startsWith('/ort/')).map(([, content]) => content as Uint8Array);
  const contestants = [
    {
      runtime: 'whittle int8 simd',
      start: `peers.addWhittle('whittle', '/${name}/model.whittle', '/${name}/runtime.wasm')`,
      id: 'whittle',
      download: gzip(packed, runtime),
    },
    {
      runtime: 'onnxruntime-web float32',
      start: `peers.addOrt('float', '/${name}/float.onnx', ${JSON.stringify(shape)})`,
      id: 'float',
      download: gzip(float, ...ortWasm),
    },
    {
      runtime: 'onnxruntime-web QDQ int8',
      start: `peers.addOrt('qdq', '/${name}/qdq.onnx', ${JSON.stringify(shape)})`,
      id: 'qdq',
      download: gzip(qdq, ...ortWasm),
    },
  ];
  const started: StartTimes[] = [];
  for (const contestant of contestants) started.push((await evaluate(contestant.start)) as StartTimes);
  const times = await race(
    evaluate,
    contestants.map(({ id }) => id),
  );
  return contestants.map(({ runtime: label, id, download }, i) => {
    const sorted = [...(times.get(id) as number[])].sort((a, b) => a - b);
    return {
      model: name,
      runtime: label,
      minUs: sorted[0] as number,
      medianUs: percentile(sorted, 0.5),
      p90Us: percentile(sorted, 0.9),
      ...(started[i] as StartTimes),
      downloadGzipBytes: download,
    };
  });
}

function printTable(rows: readonly Row[]): void {
  const ms = (us: number) => (us / 1000).toFixed(3).padStart(10);
  console.log(`load average ${loadavg()[0]?.toFixed(2)}; milliseconds per inference, one thread, ${ROUNDS} interleaved rounds`);
  console.log(
    `${'model'.padEnd(17)}${'runtime'.padEnd(26)}${'min'.padStart(10)}${'median'.padStart(10)}${'p90'.padStart(10)}${'load'.padStart(10)}${'first'.padStart(10)}${'gzip KB'.padStart(10)}${'x min'.padStart(8)}${'x med'.padStart(8)}`,
  );
  for (const row of rows) {
    const own = rows.find((other) => other.model === row.model && other.runtime.startsWith('whittle')) as Row;
    const ratios = `${(row.minUs / own.minUs).toFixed(2).padStart(8)}${(row.medianUs / own.medianUs).toFixed(2).padStart(8)}`;
    console.log(
      `${row.model.padEnd(17)}${row.runtime.padEnd(26)}${ms(row.minUs)}${ms(row.medianUs)}${ms(row.p90Us)}${ms(row.loadUs)}${ms(row.firstUs)}${(row.downloadGzipBytes / 1024).toFixed(1).padStart(10)}${ratios}`,
    );
  }
}

const arguments_ = process.argv.slice(2);
const wanted = arguments_.includes('--model') ? arguments_[arguments_.indexOf('--model') + 1] : undefined;
const dist = installPeer();
const files = new Map<string, string | Uint8Array>([
  ['/index.html', '<!doctype html><title>peers</title><script type="module" src="/page.js"></script>'],
  ['/page.js', readFileSync(join(packageRoot, 'dist', 'bench', 'page.js'))],
]);
for (const file of readdirSync(dist)) {
  if (/^ort\.wasm\.min\.mjs$|^ort-wasm-simd-threaded\.(mjs|wasm)$/.test(file)) files.set(`/ort/${file}`, readFileSync(join(dist, file)));
}
const server = await MemoryServer.start(files);
const browser = CdpBrowser.launch(findChromium());
try {
  const evaluate = await browser.openPage(`${server.origin}/index.html`);
  while (!(await evaluate("typeof peers !== 'undefined'").catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
  const rows: Row[] = [];
  for (const model of models) if (!wanted || model.name === wanted) rows.push(...(await benchModel(model, files, evaluate)));
  if (arguments_.includes('--json')) console.log(JSON.stringify({ loadAverage: loadavg()[0], rounds: ROUNDS, rows }));
  else printTable(rows);
} finally {
  await browser.close();
  await server.stop();
}
