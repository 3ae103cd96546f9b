/** Instructions of one inference on a device whose clock counts them: repeatable, so that a few runs are enough. */
import type { ReadyModel } from './bench.ts';
import type { Device } from './device.ts';
import { profileModel } from './profile.ts';
import type { CountReport } from './report-schema.ts';

/** Two would show whether they differ. */
const SAMPLES = 3;

/** One instruction is one nanosecond of the emulator's time. */
function instructionsOf(us: number): number {
  return Math.round(us * 1000);
}

/** @throws GateError when the outputs differ from this machine's; DeviceError when the device fails. */
export async function countReady({ model, deployed, facts, check }: ReadyModel, device: Device): Promise<CountReport> {
  const { name: clock, ticksPerSecond } = await device.clock();
  const ticks: number[] = [];
  for (let i = 0; i < SAMPLES; i++) ticks.push(Math.round(((await device.time(1)) * ticksPerSecond) / 1e6));
  ticks.sort((a, b) => a - b);
  const median = ticks[SAMPLES >> 1] as number;
  const us = (median * 1e6) / ticksPerSecond;
  const profile = await profileModel(model, device, us);
  await check('after the measurement');
  const perLayer = (profile?.perLayer ?? []).map(({ us: layerUs, macsPerSecond: _rate, rooflineShare: _share, ...layer }) => {
    return { ...layer, instructions: instructionsOf(layerUs) };
  });
  const { memory, loadUs: _load, firstUs: _first, ...code } = deployed;
  return {
    ...facts,
    ...code,
    ...memory,
    clock,
    clockCounts: 'instructions',
    ticksPerSecond,
    ticks: median,
    instructions: instructionsOf(us),
    spreadTicks: (ticks[SAMPLES - 1] as number) - (ticks[0] as number),
    samples: SAMPLES,
    perLayer,
  };
}
