import { afterAll, describe, expect, test } from 'vitest';
import { GateError } from '../../../compiler/errors.ts';
import { deployForBench } from '../../../devices/bench.ts';
import { countReady } from '../../../devices/count.ts';
import type { Device } from '../../../devices/device.ts';
import { openDevice } from '../../../devices/index.ts';
import { reportPage } from '../../../devices/report/page.ts';
import { countReportSchema } from '../../../devices/report-schema.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';

describe.skipIf(!requireTool('qemu-system-arm') || !requireTool('arm-none-eabi-gcc'))('counting on an emulated board', () => {
  let device: Device | undefined;
  afterAll(() => device?.close());

  test('the report is what its schema says, exact, and free of time', async () => {
    device = await openDevice('qemu:mps2-an386');
    const report = await countReady(await deployForBench(smallModel(), device), device);
    expect(countReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(Object.keys(report).filter((name) => /Us$|Ms$|Seconds$/.test(name))).toEqual([]);
    expect(report.spreadTicks).toBe(0);
    // 25 MHz: a tick is 40 instructions.
    expect(report.instructions).toBe(report.ticks * 40);
    expect(report.perLayer.map(({ name, op }) => [name, op])).toEqual([
      ['Conv2d', 'CONV2D_FLOAT32'],
      ['Unary', 'UNARY_FLOAT32'],
    ]);
    const sum = report.perLayer.reduce((total, { instructions }) => total + instructions, 0);
    expect(Math.abs(sum - report.instructions)).toBeLessThan(0.02 * report.instructions);
    expect(report.flashBytes).toBe((report.textBytes as number) + (report.imageBytes as number));
    expect(report.arenaHighWaterBytes).toBeLessThanOrEqual(report.ramBytes as number);
    expect(report.arenaHighWaterBytes).toBeGreaterThanOrEqual(432);

    const page = reportPage(
      { compiled: [], compressed: [], benches: [], comparisons: [], evaluations: [], counts: [{ name: 'm4', document: report }] },
      'counted',
    );
    expect(page).toContain(report.instructions.toLocaleString('en'));
  });

  test('a board whose layers differ fails the gate, and the first such layer is named', async () => {
    const board = device as Device;
    // The board computes what it was given; the host looks at another model.
    const mistaken: Device = Object.create(board, { deploy: { value: () => board.deploy({ model: smallModel() }) } });
    const failure = await deployForBench(smallModel(7), mistaken).catch((error) => error);
    expect(failure).toBeInstanceOf(GateError);
    expect(failure.message).toMatch(
      /Conv2d \(CONV2D_FLOAT32\) is the first layer that differs from this host: \d+ of 320 bytes, first at \d+/,
    );
  });
});
