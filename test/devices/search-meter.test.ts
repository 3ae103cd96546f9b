/** The meters of `whittle search` on real devices: Node times, an emulated board counts, and both take a model after another. */
import { describe, expect, test } from 'vitest';
import { createOutput } from '../../compiler/cli/output.ts';
import { compactPacked } from '../../compiler/packed/compact.ts';
import { openMeter } from '../../devices/search-meter.ts';
import { requireTool } from '../require-tool.ts';
import { smallModel } from '../small-model.ts';

const silent = { write: () => true };
const output = createOutput({ stdout: silent, stderr: silent, env: {} }, { quiet: true });

test('node: microseconds, of compact files, too', async () => {
  const meter = await openMeter('node', output);
  expect(meter.unit).toBe('time');
  for (const model of [smallModel(), compactPacked(smallModel())]) {
    const us = await meter.measure(model);
    expect(us).toBeGreaterThan(0);
  }
  await meter.close();
});

describe.skipIf(!requireTool('qemu-system-arm') || !requireTool('arm-none-eabi-gcc'))('an emulated board', () => {
  test('instructions, the same each time', async () => {
    const meter = await openMeter('qemu:mps2-an386', output);
    expect(meter.unit).toBe('instructions');
    const counts = [await meter.measure(smallModel()), await meter.measure(smallModel())];
    expect(counts[0]).toBeGreaterThan(1000);
    expect(counts[1]).toBe(counts[0]);
    await meter.close();
  });
});
