/** What every device must do; run on each of them by contract.test.ts, and by the tests of devices that need a counterpart. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Executor } from '../../compiler/execute.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { firstDifference, isComparable } from '../../devices/compare.ts';
import type { Device } from '../../devices/device.ts';
import { measure } from '../../devices/measure.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { smallGraph, smallModel } from '../small-model.ts';

/** Declares the tests; call it inside `describe`. */
export function expectDeviceContract(open: () => Promise<Device>): void {
  const model = smallModel();
  let device: Device;

  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device?.close());

  test('deploys, and gives the bytes that the compiler gives', async () => {
    const times = await device.deploy({ model });
    // A fine clock is not a matter of course: in a page that is not isolated its step is 1 ms.
    const { stepUs, counts } = await device.clock();
    expect(times.loadUs).toBeGreaterThanOrEqual(stepUs < 100 && counts === 'time' ? Number.MIN_VALUE : 0);
    expect(times.firstUs).toBeGreaterThanOrEqual(0);

    const executor = await Executor.create(smallGraph());
    const samples = [1, 2, 3].map((seed) => randomTensor([1, 6, 6, 3], seed).data as Float32Array);
    const outputs = await device.infer(samples.map((sample) => new Uint8Array(sample.buffer)));
    samples.forEach((sample, i) => {
      const expected = executor.run([sample])[0]?.data as Float32Array;
      expect(outputs[i]).toEqual(new Uint8Array(expected.buffer));
    });
  });

  test('measures: the statistics are ordered and every sample is long enough for the clock', async () => {
    if ((await device.clock()).counts === 'instructions') {
      // What is exact needs no statistics.
      expect(await device.time(1)).toBe(await device.time(1));
      return;
    }
    const result = await measure(device, { maxSeconds: 0.5, minSamples: 5 });
    expect(result.minUs).toBeGreaterThan(0);
    expect(result.minUs).toBeLessThanOrEqual(result.medianUs);
    expect(result.medianUs).toBeLessThanOrEqual(result.p90Us);
    expect(result.samples).toBe(result.raw.length);
    expect(result.runsPerSample).toBeGreaterThan(1);
  });

  test('tells of its layers, if it does, what the host computes', async () => {
    if (!isComparable(device)) return;
    const sample = new Uint8Array((randomTensor([1, 6, 6, 3], 4).data as Float32Array).buffer);
    expect(await firstDifference(readPackedModel(model), device, sample)).toBeUndefined();
    // The same model with other weights in its first layer.
    const other = smallModel(7);
    expect(await firstDifference(readPackedModel(other), device, sample)).toMatchObject({ step: 0, op: 'CONV2D_FLOAT32', bytes: 320 });
  });

  test('where it can time single steps: every step once, in order, together about an inference', async () => {
    if (!device.profile) return;
    const { stepUs } = await device.clock();
    const runs = Math.ceil(50 * Math.max(stepUs, 1));
    const steps = await device.profile(runs);
    expect(steps.map(({ step }) => step)).toEqual([0, 1]);
    for (const { us } of steps) expect(us).toBeGreaterThan(0);
  });

  test('where it has a roofline: rates that no machine is too slow or too fast for', async () => {
    if (!device.roofline) return;
    const rates = Object.values(await device.roofline());
    expect(rates).toHaveLength(3);
    for (const rate of rates) {
      expect(rate).toBeGreaterThan(1e7);
      expect(rate).toBeLessThan(1e12);
    }
  });

  test('where it holds several models: each answers as itself, also after the other was deployed', async () => {
    if (!device.selectSlot) return;
    const sample = new Uint8Array((randomTensor([1, 6, 6, 3], 5).data as Float32Array).buffer);
    const answers: (Uint8Array | undefined)[] = [];
    const slots = [0, 1, 0];
    for (const [i, slot] of slots.entries()) {
      await device.selectSlot(slot);
      if (i < 2) await device.deploy({ model: smallModel(1 + slot) });
      answers.push((await device.infer([sample]))[0]);
    }
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[1]).not.toEqual(answers[0]);
  });

  test('names what is wrong with a damaged model', async () => {
    const damaged = model.slice();
    damaged[200] = (damaged[200] as number) ^ 1;
    await expect(device.deploy({ model: damaged })).rejects.toThrow(/CRC-32 does not match/);
  });
}
