/** The method on devices whose time is known: what it measures, and when it says that a number means nothing. */
import { expect, test } from 'vitest';
import type { Conditions, Deployed, Device } from '../../devices/device.ts';
import { type Measurement, type MeasureOptions, measure, measureInTurns } from '../../devices/measure.ts';
import { warningsOf } from '../../devices/warnings.ts';

interface Simulated {
  readonly stepUs?: number;
  /** Microseconds of the i-th inference since the start. */
  readonly runUs: (run: number) => number;
  /** Called before and after; the second call is the first with `steady`. */
  readonly conditions?: (call: number) => Conditions;
  readonly counts?: 'time' | 'instructions';
}

/** A device whose clock shows multiples of its step. */
function simulate({ stepUs = 5, runUs, conditions, counts = 'time' }: Simulated): Device {
  let now = 0;
  let run = 0;
  let calls = 0;
  return {
    name: 'simulated',
    environment: {},
    deploy: () => Promise.reject(new Error('deployed already')),
    infer: async (inputs) => [...inputs],
    clock: async () => ({ name: 'simulated', stepUs, ticksPerSecond: 1e6 / stepUs, counts }),
    time: async (runs) => {
      const start = Math.floor(now / stepUs);
      for (let i = 0; i < runs; i++) now += runUs(run++);
      return (Math.floor(now / stepUs) - start) * stepUs;
    },
    conditions: async () => conditions?.(calls++) ?? {},
    close: async () => {},
  };
}

const deployed: Deployed = { variant: 'scalar', loadUs: 20_000, firstUs: 20_000, codeBytes: 1 };

async function judge(device: Simulated, options?: MeasureOptions): Promise<{ measurement: Measurement; codes: string[] }> {
  const measurement = await measure(simulate(device), options);
  return { measurement, codes: warningsOf(measurement, deployed).map(({ code }) => code) };
}

test('a steady device: exact time, 2 seconds of samples, no warning', async () => {
  const { measurement, codes } = await judge({ runUs: () => 250 });
  expect(codes).toEqual([]);
  expect(measurement).toMatchObject({ medianUs: 250, minUs: 250, p99Us: 250, madUs: 0, driftPercent: 0, warm: true, clockStepUs: 5 });
  expect(measurement.confidenceUs).toEqual([250, 250]);
  expect(measurement.samples * measurement.runsPerSample * 250).toBeGreaterThanOrEqual(2e6);
});

test('a clock of 1 ms measures 160 microseconds: a sample lasts a hundred steps', async () => {
  const { measurement, codes } = await judge({ stepUs: 1000, runUs: () => 160 }, { maxSeconds: 5 });
  expect(measurement.runsPerSample * 160).toBeGreaterThanOrEqual(100_000);
  expect(Math.abs(measurement.medianUs - 160)).toBeLessThan(1.6);
  expect(measurement.samples).toBeGreaterThanOrEqual(30);
  expect(codes).toEqual([]);
});

test('code that the engine compiles late is warmed up before the first sample', async () => {
  const { measurement, codes } = await judge({ runUs: (run) => (run < 300 ? 900 : 300) });
  expect(measurement).toMatchObject({ medianUs: 300, p99Us: 300, warm: true });
  expect(measurement.warmUpRuns).toBeGreaterThan(300);
  expect(codes).toEqual([]);
});

test('a slow board is done within the seconds it is given', async () => {
  const { measurement } = await judge({ runUs: () => 3e6 }, { maxSeconds: 10 });
  expect(measurement).toMatchObject({ medianUs: 3e6, samples: 4, runsPerSample: 1 });
  expect(measurement.warmUpRuns).toBeLessThanOrEqual(6);
});

test('in turns: a machine that slows down leaves the ratio of every pair of samples as it is', async () => {
  // Both are slowed down by what both have run so far.
  let work = 0;
  const order: string[] = [];
  const slowing = (name: string, us: number) => {
    const device = simulate({ stepUs: 1, runUs: () => us * (1 + (work += us) / 1e7) });
    const { time } = device;
    device.time = (runs) => {
      order.push(name);
      return time(runs);
    };
    return device;
  };
  const [a, b] = await measureInTurns([slowing('a', 250), slowing('b', 500)]);
  if (!a || !b) throw new Error('two measurements');
  expect(a.driftPercent).toBeGreaterThan(5);
  expect(b.raw).toHaveLength(a.raw.length);
  b.raw.forEach((us, i) => {
    expect(us / (a.raw[i] as number)).toBeCloseTo(2, 2);
  });
  const rounds = order.slice(-2 * a.raw.length).join('');
  expect(rounds).toMatch(/^(abba)+(ab)?$/);
});

test.for<[string, Simulated, MeasureOptions?]>([
  ['drift', { runUs: (run) => 250 * (1 + run / 40_000) }],
  ['unsettled', { runUs: (run) => 250 * 1.03 ** Math.floor(run / 100) }, { maxSeconds: 1 }],
  ['busy-machine', { runUs: (run) => (Math.floor(run / 20) % 3 ? 250 : 320) }],
  ['busy-machine', { runUs: () => 250, conditions: (call) => ({ cpuCores: 2, cpuBusySeconds: call * 1000 }) }],
  ['hidden-page', { runUs: () => 250, conditions: (call) => ({ visible: true, hiddenCount: call > 1 ? 1 : 0 }) }],
  ['hidden-page', { runUs: () => 250, conditions: () => ({ visible: false, hiddenCount: 0 }) }],
  ['thermal', { runUs: () => 250, conditions: () => ({ thermalStatus: 3 }) }],
  ['power-saving', { runUs: () => 250, conditions: () => ({ powerSaving: true }) }],
] as const)('%s makes the latency meaningless', async ([code, device, options]) => {
  const measurement = await measure(simulate(device), options);
  const warning = warningsOf(measurement, deployed).find((candidate) => candidate.code === code);
  expect(warning?.affects).toEqual(['latency']);
});

test('what only limits the number is said, and leaves the latency its meaning', async () => {
  const light = await judge({ runUs: () => 250, conditions: () => ({ thermalStatus: 1, cpuCores: 8, cpuBusySeconds: 1 }) });
  expect(light.codes).toEqual(['thermal']);
  expect((await judge({ runUs: () => 250, counts: 'instructions' })).codes).toEqual(['virtual-time']);
  const coarse = await measure(simulate({ stepUs: 1000, runUs: () => 160 }));
  expect(warningsOf(coarse, { ...deployed, firstUs: 0 })).toEqual([
    expect.objectContaining({ code: 'coarse-load', affects: ['load'], message: expect.stringMatching(/^firstUs: shorter than 10 steps/) }),
  ]);
});
