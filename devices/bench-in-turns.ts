/** `whittle bench` of several models, or of one on several devices: measured in turns, and compared. */
import { UsageError } from '../compiler/errors.ts';
import { type BenchOptions, deployForBench, reportOf } from './bench.ts';
import type { Device } from './device.ts';
import { measureInTurns } from './measure.ts';
import type { ComparisonReport } from './report-schema.ts';
import { BENCH_SCHEMA_VERSION } from './schema-version.ts';
import { median, medianInterval } from './statistics.ts';

export interface Contestant {
  /** What tells it apart: the file, the device. */
  readonly name: string;
  /** The packed model. */
  readonly model: Uint8Array;
  readonly device: Device;
}

/** One slot of a device that holds several models, as a device of its own. */
function slotOf(device: Device, slot: number): Device {
  const { selectSlot, profile } = device;
  if (!selectSlot) return device;
  const select = () => selectSlot.call(device, slot);
  return Object.assign(Object.create(device) as Device, {
    deploy: (deployment) => select().then(() => device.deploy(deployment)),
    infer: (inputs) => select().then(() => device.infer(inputs)),
    time: (runs) => select().then(() => device.time(runs)),
    ...(profile && { profile: (runs) => select().then(() => profile.call(device, runs)) }),
  } satisfies Partial<Device>);
}

/** @throws UsageError when a device would have to hold several models, and cannot. */
function seats(contestants: readonly Contestant[]): Device[] {
  const taken = new Map<Device, number>();
  return contestants.map(({ device }) => {
    const slot = taken.get(device) ?? 0;
    taken.set(device, slot + 1);
    if (slot > 0 && !device.selectSlot)
      throw new UsageError(`${device.name} holds one model at a time; measure them one by one, and give all the JSON to whittle report`);
    return slotOf(device, slot);
  });
}

/**
 * @throws UsageError when a device cannot be compared; GateError when one computes other bytes than this machine; DeviceError.
 */
export async function benchInTurns(contestants: readonly Contestant[], options: BenchOptions = {}): Promise<ComparisonReport> {
  const devices = seats(contestants);
  const ready: Awaited<ReturnType<typeof deployForBench>>[] = [];
  for (const [i, device] of devices.entries()) {
    ready.push(await deployForBench((contestants[i] as Contestant).model, device, options));
    if ((await device.clock()).counts === 'instructions')
      throw new UsageError(
        `${device.name} counts instructions, which are the same each time: nothing to compare in turns; measure it alone`,
      );
  }
  const measurements = await measureInTurns(devices, options);
  const [first] = measurements;
  const runs: ComparisonReport['runs'][number][] = [];
  for (const [i, measurement] of measurements.entries()) {
    const [{ name }, device, model] = [contestants[i] as Contestant, devices[i] as Device, ready[i] as (typeof ready)[number]];
    const report = await reportOf(model, device, measurement, options);
    const ratios = measurement.raw.map((us, round) => us / (first?.raw[round] as number));
    runs.push({ name, report, ...(i > 0 && { ratio: median(ratios), confidence: medianInterval(ratios) }) });
  }
  return { schemaVersion: BENCH_SCHEMA_VERSION, runs };
}
