import { describe, expect, it } from 'vitest';
import { InvalidPackedModelError, UsageError } from '../../compiler/errors.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { benchModel } from '../../devices/bench.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { profileModel } from '../../devices/profile.ts';
import { int8Model } from '../int8-model.ts';

const model = await int8Model();

/** A device whose steps take what the test says, in a clock of 10 µs. */
function deviceOf(passes: readonly (readonly number[])[], counts: 'time' | 'instructions' = 'time') {
  const asked: number[] = [];
  const device = {
    name: 'fake',
    clock: async () => ({ name: 'test', stepUs: 10, ticksPerSecond: 1e5, counts }),
    profile: async (runs: number) => {
      asked.push(runs);
      return (passes[(asked.length - 1) % passes.length] as number[]).map((us, step) => ({ step, us }));
    },
    roofline: async () => ({ dot: 10e9, depthwise: 5e9, float32: 1e9 }),
  } as unknown as Device;
  return { device, asked };
}

const rows = [
  // [kernel, multiply-accumulates, bytes of x, weights, bias, multipliers, y], counted by hand from test/int8-model.ts
  ['CONV2D_INT8', 6 * 5 * 6 * 27, 360 + 162 + 24 + 24 + 180],
  ['DEPTHWISE_INT8', 6 * 5 * 6 * 9, 180 + 54 + 24 + 24 + 180],
  ['ADD_INT8', 0, 3 * 180],
  ['MAX_POOL_INT8', 0, 180 + 36],
  ['CONV2D_INT8', 36 * 4, 36 + 144 + 16 + 16 + 4],
] as const;

describe('profile', () => {
  it('gives every step its kernel, its work and its share of the roofline', async () => {
    const names = readPackedModel(model).metadata.steps;
    const { device } = deviceOf([names.map(() => 2)]);
    const profile = await profileModel(readPackedModel(model), device, 1000);
    expect(profile?.perLayer.map(({ name }) => name)).toEqual(names);
    const worked = profile?.perLayer.filter(({ op }) => rows.some(([kernel]) => kernel === op));
    expect(worked?.map(({ op, macs, bytes }) => [op, macs, bytes])).toEqual(rows.map((row) => [...row]));
    for (const { op, macs, macsPerSecond, rooflineShare, share } of worked ?? []) {
      expect(macsPerSecond).toBeCloseTo(macs / 2e-6, 0);
      expect(share).toBeCloseTo(1 / names.length, 9);
      if (macs === 0) expect(rooflineShare).toBeUndefined();
      else expect(rooflineShare).toBeCloseTo(macsPerSecond / (op.startsWith('DEPTHWISE') ? 5e9 : 10e9), 9);
    }
  });

  it('repeats steps until the clock resolves the small ones, and keeps the least of several passes', async () => {
    const count = readPackedModel(model).stepCount;
    const pass = (us: number) => Array.from({ length: count }, (_, i) => us + i);
    const { device, asked } = deviceOf([pass(5), pass(3), pass(9)]);
    const profile = await profileModel(readPackedModel(model), device, 10_000);
    expect(profile?.perLayer.map(({ us }) => us)).toEqual(pass(3));
    // A step of 1/1000 of 10 ms shall last 100 steps of 10 µs: 100 runs; a pass is to stay below half a second: 50.
    expect(new Set(asked)).toEqual(new Set([50]));
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });

  it('keeps the highest rates of a roofline that something else slowed at times, measured between the passes', async () => {
    const { device, asked } = deviceOf([Array.from({ length: readPackedModel(model).stepCount }, () => 2)]);
    const rates = [1, 3, 2].map((n) => ({ dot: n * 1e9, depthwise: 9e9 / n, float32: 1e9 }));
    const passesBefore: number[] = [];
    device.roofline = async () => rates[(passesBefore.push(asked.length) - 1) % rates.length] as (typeof rates)[number];
    const profile = await profileModel(readPackedModel(model), device, 10_000);
    expect(profile?.roofline).toEqual({ dot: 3e9, depthwise: 9e9, float32: 1e9 });
    expect(passesBefore.length).toBeGreaterThan(2);
    expect(new Set(passesBefore).size).toBe(passesBefore.length);
  });

  it('counts instructions once', async () => {
    const { device, asked } = deviceOf([Array.from({ length: readPackedModel(model).stepCount }, () => 1)], 'instructions');
    await profileModel(readPackedModel(model), device, 10);
    expect(asked).toEqual([1]);
  });

  it('is refused where a device cannot time steps, and names damage', async () => {
    const device = await openDevice('node');
    const blind = Object.assign(Object.create(device), { profile: undefined }) as Device;
    await expect(benchModel(model, blind, { profile: true, maxSeconds: 0.1 })).rejects.toThrow(UsageError);
    await expect(benchModel(model.slice(0, 90), device, { profile: true })).rejects.toThrow(InvalidPackedModelError);
  });

  it('goes with the latency in one document', async () => {
    const report = await benchModel(model, await openDevice('node'), { profile: true, maxSeconds: 0.2 });
    expect(report.perLayer).toHaveLength(readPackedModel(model).stepCount);
    expect(report.perLayer?.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(report.roofline?.dot).toBeGreaterThan(1e7);
    const plain = await benchModel(model, await openDevice('node'), { maxSeconds: 0.1 });
    expect(plain.perLayer).toBeUndefined();
  });
});
