/**
 * whittle against every peer that runs int8 or float models in a browser, one thread, in turns, in Chromium and in Node:
 *
 *     npm run bench:peers [-- --json] [-- --model NAME[,NAME]] [-- --host chromium|node] [-- --runtime TEXT[,TEXT]] [-- --rounds N] [-- --starts N] [-- --no-vnni]
 *
 * An inference is: input written (LiteRT.js: its tensor stays), run, output read. The peers are installed into a folder of
 * their own. Times are comparable within one model and host: everything there ran interleaved, loading (the median of
 * fresh starts, each in a page or process of its own) as well as inferences. Which peer is fastest depends on the processor:
 * with AVX-VNNI relaxed dot products are one instruction, for LiteRT.js, too; `--no-vnni` is Chromium as on those without.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packageRoot, type Variant } from '../../../compiler/root.ts';
import { MemoryServer } from '../../../devices/browser/server.ts';
import { quantile } from '../../../devices/statistics.ts';
import { openChromium } from './chromium-host.ts';
import type { StartTimes } from './contestant.ts';
import type { Host, Seat } from './host.ts';
import { installPeers, peerFiles, peerVersions } from './install.ts';
import { type BenchModel, benchModels, type Contestant, type Prepared, prepareModel } from './models.ts';
import { openNode } from './node-host.ts';
import { race, type Times } from './race.ts';
import { type Failure, modelText, type Row, ratiosOf } from './report.ts';

/** Short enough to fall between what else the machine does, long against the clock step of 5 µs. */
const TURN_US = 20_000;
const variants: readonly Variant[] = ['relaxed', 'simd', 'scalar'];
/** A peer whose output has nothing to do with the float model's is not a result. */
const MIN_AGREEMENT = 0.9;

/** The files of the bench's server; remembers what was asked for. */
class RecordedFiles extends Map<string, string | Uint8Array> {
  readonly asked = new Set<string>();

  override get(path: string): string | Uint8Array | undefined {
    this.asked.add(path);
    return super.get(path);
  }

  /** Bytes of the recorded files, each as it travels compressed. */
  gzipBytes(isCounted: (path: string) => boolean): number {
    return [...this.asked].filter(isCounted).reduce((sum, path) => sum + gzipSync(super.get(path) ?? '', { level: 9 }).length, 0);
  }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    const [x, y] = [value - meanA, (b[i] as number) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  });
  return a.length === b.length ? ab / Math.sqrt(aa * bb) : Number.NaN;
}

/** A contestant that has started, and every start that it made. */
interface Seated {
  readonly contestant: Contestant;
  readonly starts: StartTimes[];
  readonly bytes: Pick<Row, 'downloadGzipBytes' | 'modelGzipBytes'>;
  readonly agreement: number;
  seat: Seat;
}

/** @throws Error when it cannot start, or computes something else. */
async function seatOne(host: Host, contestant: Contestant, reference: readonly number[], files: RecordedFiles): Promise<Seated> {
  const seat = await host.open();
  try {
    files.asked.clear();
    const started = await seat.start(contestant.spec, contestant.input);
    const modelFiles = [contestant.spec.model, contestant.spec.second].filter((path) => path && !path.endsWith('.wasm'));
    const agreement = correlation(started.output, reference);
    if (!(agreement >= MIN_AGREEMENT)) throw new Error(`its output correlates ${agreement.toFixed(3)} with the float model's`);
    const modelGzipBytes = files.gzipBytes((path) => modelFiles.includes(path));
    const downloadGzipBytes = files.gzipBytes((path) => path !== contestant.input.url);
    const bytes = { modelGzipBytes, ...(host.name === 'chromium' && { downloadGzipBytes }) };
    return { contestant, seat, starts: [started], bytes, agreement };
  } catch (error) {
    await seat.close();
    throw error;
  }
}

/** Starts everyone `rounds` times more, each in a fresh page or process, in turns; who goes first changes. */
async function startAgain(host: Host, seated: readonly Seated[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < seated.length; k++) {
      const one = seated[(k + round) % seated.length] as Seated;
      await one.seat.close();
      one.seat = await host.open();
      one.starts.push(await one.seat.start(one.contestant.spec, one.contestant.input));
    }
  }
}

/** The first start only warms up browser and server: the first contestant would pay for all. */
function startTimes(starts: readonly StartTimes[]) {
  const counted = starts.length > 1 ? starts.slice(1) : starts;
  const sorted = (key: keyof StartTimes) => counted.map((start) => start[key]).sort((a, b) => a - b);
  const [loads, firsts] = [sorted('loadUs'), sorted('firstUs')];
  return {
    loadUs: quantile(loads, 0.5),
    loadMinUs: loads[0] as number,
    firstUs: quantile(firsts, 0.5),
    firstMinUs: firsts[0] as number,
    starts: counted.length,
  };
}

async function benchOn(host: Host, model: BenchModel, prepared: Prepared, files: RecordedFiles, options: Options) {
  const seated: Seated[] = [];
  const failures: Failure[] = [];
  for (const contestant of prepared.contestants) {
    const { label: runtime, spec } = contestant;
    if (options.runtimes && !options.runtimes.some((text) => runtime.includes(text))) continue;
    const excluded = host.excluded?.[spec.runtime];
    try {
      if (excluded) throw new Error(excluded);
      seated.push(await seatOne(host, contestant, prepared.reference, files));
    } catch (error) {
      failures.push({ model: model.name, host: host.name, runtime, reason: (error as Error).message.split('\n')[0] as string });
    }
  }
  await startAgain(host, seated, options.starts);
  const times = await race(
    seated.map(({ seat }) => seat),
    { rounds: options.rounds, turnUs: TURN_US },
  );
  for (const { seat } of seated) await seat.close();
  const rows = seated.map(({ contestant, starts, bytes, agreement }, i): Row => {
    const { label: runtime, spec, note } = contestant;
    const identity = { model: model.name, host: host.name, runtime, isPeer: spec.runtime !== 'whittle', note };
    return { ...identity, ...(times[i] as Times), ...startTimes(starts), ...bytes, agreement };
  });
  return { rows, failures };
}

interface Options {
  readonly json: boolean;
  readonly rounds: number;
  /** Fresh starts whose times count. */
  readonly starts: number;
  readonly models?: readonly string[];
  readonly hosts: readonly string[];
  readonly runtimes?: readonly string[];
  /** Of Chromium. */
  readonly vnni: boolean;
}

function readOptions(argv: readonly string[]): Options {
  const valueOf = (name: string) => (argv.includes(name) ? (argv[argv.indexOf(name) + 1] ?? '').split(',') : undefined);
  const models = valueOf('--model');
  const unknown = models?.find((name) => !benchModels.some((model) => model.name === name));
  if (unknown !== undefined) throw new Error(`--model ${unknown}: known are ${benchModels.map(({ name }) => name).join(', ')}`);
  const runtimes = valueOf('--runtime');
  return {
    json: argv.includes('--json'),
    vnni: !argv.includes('--no-vnni'),
    rounds: Number(valueOf('--rounds')?.[0] ?? 40),
    starts: Number(valueOf('--starts')?.[0] ?? 5),
    hosts: valueOf('--host') ?? ['chromium', 'node'],
    ...(models && { models }),
    ...(runtimes && { runtimes }),
  };
}

const options = readOptions(process.argv.slice(2));
const bench = join(packageRoot, 'dist', 'bench', 'peers');
const peers = installPeers();
const files = new RecordedFiles(peerFiles(peers));
files.set(
  '/index.html',
  '<!doctype html><title>peers</title><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
);
files.set('/page.js', readFileSync(join(bench, 'page.js')));
for (const file of readdirSync(join(bench, 'runtimes'))) files.set(`/runtimes/${file}`, readFileSync(join(bench, 'runtimes', file)));
const server = await MemoryServer.start(files);
const hosts: Host[] = [];
try {
  if (options.hosts.includes('chromium')) hosts.push(await openChromium(server.origin, options));
  if (options.hosts.includes('node')) hosts.push(await openNode(server.origin, bench, peers));
  const engines = Object.fromEntries(hosts.map(({ name, engine }) => [name, engine]));
  if (!options.json) {
    console.log(`milliseconds per inference, one thread, ${options.rounds} interleaved rounds; ${Object.values(engines).join(', ')}`);
  }
  const rows: Row[] = [];
  const failures: Failure[] = [];
  const loads: number[] = [];
  for (const model of benchModels) {
    if (options.models && !options.models.includes(model.name)) continue;
    const prepared = await prepareModel(model, variants);
    for (const [path, content] of prepared.files) files.set(path, content);
    for (const host of hosts) {
      const result = await benchOn(host, model, prepared, files, options);
      const load = loadavg()[0] as number;
      rows.push(...result.rows);
      failures.push(...result.failures);
      loads.push(load);
      if (options.json) continue;
      console.log(`\n${modelText(result.rows)}\n  load average ${load.toFixed(2)}`);
      for (const { runtime, reason } of result.failures) console.log(`  not measured: ${runtime}: ${reason}`);
    }
    for (const path of prepared.files.keys()) files.delete(path);
  }
  if (options.json) {
    const document = { engines, peers: peerVersions, rounds: options.rounds, loadAverages: loads, rows, ratios: ratiosOf(rows), failures };
    console.log(JSON.stringify(document));
  }
} finally {
  for (const host of hosts) await host.close();
  await server.stop();
}
