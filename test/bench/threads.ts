/**
 * One thread against several, in turns, in Node and in Chromium:
 *
 *     npm run bench:threads [-- --model NAME[,NAME]] [-- --threads 2[,3]] [-- --on node|chromium] [-- --json]
 *
 * The ratio is that of the minima of short turns. It only means something on a machine with as many idle cores: the load
 * average stands beside it.
 */
import { loadavg } from 'node:os';
import { byteLength } from '../../compiler/graph.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { median } from '../../devices/statistics.ts';
import { benchModels, compileBenchModel } from './peers/models.ts';

const ROUNDS = 150;
const WARM_UP_US = 500_000;
/** Long against the clock's step, short against a time slice. */
const TURN_US = 3000;

interface Row {
  readonly model: string;
  readonly device: string;
  readonly variant: string;
  readonly threads: number;
  readonly minUs: number;
  readonly medianUs: number;
  /** Minimum of one thread over this. */
  readonly speedup: number;
  readonly loadAverage: number;
}

function optionOf(name: string, otherwise: string): string[] {
  const at = process.argv.indexOf(name);
  return (at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)).split(',');
}

async function warmUp(device: Device): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let elapsed = 0; elapsed < WARM_UP_US; ) {
    const us = await device.time(2);
    elapsed += us;
    best = Math.min(best, us / 2);
  }
  return Math.max(1, Math.ceil(TURN_US / best));
}

async function bench(model: string, bytes: Uint8Array, deviceName: string, counts: readonly number[]): Promise<Row[]> {
  const input = new Uint8Array(readPackedModel(bytes).metadata.inputs.reduce((sum, port) => sum + byteLength(port), 0)).fill(3);
  const seats: { device: Device; variant: string; threads: number; runs: number; times: number[] }[] = [];
  try {
    for (const threads of [1, ...counts]) {
      const device = await openDevice(deviceName);
      seats.push({ device, variant: '', threads, runs: 1, times: [] });
      const { variant } = await device.deploy({ model: bytes, ...(threads > 1 && { threads }) });
      await device.infer([input]);
      seats[seats.length - 1] = { device, variant, threads, runs: await warmUp(device), times: [] };
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const { device, runs, times } of seats) times.push((await device.time(runs)) / runs);
    }
    const [loadAverage] = loadavg() as [number];
    const minimum = Math.min(...(seats[0]?.times ?? []));
    return seats.map(({ variant, threads, times }) => {
      const sorted = [...times].sort((a, b) => a - b);
      const minUs = sorted[0] as number;
      return {
        model,
        device: deviceName,
        variant,
        threads,
        minUs,
        medianUs: median(times),
        speedup: minimum / minUs,
        loadAverage,
      };
    });
  } finally {
    for (const { device } of seats) await device.close();
  }
}

const names = optionOf('--model', 'MobileNetV2-224');
const counts = optionOf('--threads', '2').map(Number);
const isJson = process.argv.includes('--json');
const rows: Row[] = [];
for (const model of benchModels.filter(({ name }) => names.includes(name))) {
  const { bytes } = await compileBenchModel(model);
  for (const device of optionOf('--on', 'node,chromium')) {
    for (const row of await bench(model.name, bytes, device, counts)) {
      rows.push(row);
      if (isJson) continue;
      const [min, median] = [row.minUs, row.medianUs].map((us) => (us / 1000).toFixed(3).padStart(9));
      console.log(
        `${row.model.padEnd(16)} ${row.device.padEnd(9)} ${row.variant.padEnd(8)} ${row.threads} thread(s)  min ${min} ms  median ${median} ms  ${row.speedup.toFixed(2)}x  load average ${row.loadAverage.toFixed(2)}`,
      );
    }
  }
}
if (isJson) console.log(JSON.stringify({ rounds: ROUNDS, turnUs: TURN_US, rows }));
