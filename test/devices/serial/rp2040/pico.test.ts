/** The monitor as it is built for a Raspberry Pi Pico, in the emulator rp2040js: from the file for the drive to inference. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import uf2 from 'uf2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../../compiler/packed/read.ts';
import { flash } from '../../../../devices/flash/flash.ts';
import { openDevice } from '../../../../devices/index.ts';
import { BoardDevice } from '../../../../devices/serial/board-device.ts';
import { Monitor } from '../../../../devices/serial/monitor.ts';
import { boardNamed } from '../../../../targets/boards/index.ts';
import { writeBoardImage } from '../../../../targets/mcu/image.ts';
import { requireTool } from '../../../require-tool.ts';
import { denseModel } from '../dense-model.ts';
import { FlashChip, PAGE_BYTES, SECTOR_BYTES } from './flash-chip.ts';
import { Pico } from './pico.ts';

const board = boardNamed('pico');
const shape = { inputs: 300, outputs: 30 };
const [first, second] = [denseModel({ ...shape, seed: 1 }), denseModel({ ...shape, seed: 2 })];
const input = Uint8Array.from({ length: shape.inputs }, (_, i) => (i * 37) & 0xff);

let folder: string;
let on: Pico[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whittle-pico-'));
});
afterEach(async () => {
  for (const pico of on) await pico.close();
  on = [];
  rmSync(folder, { recursive: true });
});

/** As the drive of the boot ROM writes a file (RP2040-E14): one sector is erased for every sixteen numbers of blocks. */
function copyToDrive(file: Uint8Array, chip: FlashChip): void {
  const erased = new Set<number>();
  for (let at = 0; at < file.length; at += 512) {
    const { flashAddress, payload, blockNumber, boardFamily } = uf2.decodeBlock(file.subarray(at, at + 512));
    expect([boardFamily, payload.length]).toEqual([0xe48bff56, PAGE_BYTES]);
    const offset = flashAddress - board.flash.origin;
    if (!erased.has(blockNumber >> 4)) chip.erase(offset - (offset % SECTOR_BYTES));
    erased.add(blockNumber >> 4);
    chip.program(offset, payload);
  }
}

/** A Pico that has had other programs before, with the monitor around `model`. */
async function flashed(model: Uint8Array): Promise<FlashChip> {
  const path = join(folder, 'model.whittle');
  const output = join(folder, 'monitor.uf2');
  writeFileSync(path, model);
  await flash({ path, board, output, start: true, stub: true, progress: () => {}, log: () => {} });
  const chip = new FlashChip(board.flash.bytes, 1);
  copyToDrive(readFileSync(output), chip);
  return chip;
}

async function powerOn(chip: FlashChip): Promise<{ pico: Pico; monitor: Monitor }> {
  chip.cutAt = Number.POSITIVE_INFINITY;
  const pico = new Pico(chip);
  on.push(pico);
  return { pico, monitor: await Monitor.open(pico, { silenceSeconds: 30 }) };
}

function device({ pico, monitor }: { pico: Pico; monitor: Monitor }): BoardDevice {
  return new BoardDevice({ name: pico.name, counts: 'time', connect: async () => monitor, close: () => pico.close() }, {});
}

async function atHost(model: Uint8Array): Promise<Uint8Array[]> {
  const host = await openDevice('node');
  await host.deploy({ model });
  const outputs = await host.infer([input]);
  await host.close();
  return outputs;
}

describe.skipIf(!requireTool('arm-none-eabi-gcc'))('a Pico', () => {
  test('starts from what its drive is given, and gives the bits of Node with the model that came along', { timeout: 60_000 }, async () => {
    const started = await powerOn(await flashed(first));
    const { info } = started.monitor;
    expect(info).toMatchObject({ board: 'pico', core: 'cortex-m0plus', clock: 'SysTick', clockHz: 125e6, persistent: true, slots: 2 });
    expect(started.pico.chip.clkSys).toBe(info.clockHz);
    expect(info.model?.generation).toBe(1);
    const board = device(started);
    await board.deploy({ model: first });
    expect(started.monitor.info.model?.generation).toBe(1);
    expect(await board.infer([input])).toEqual(await atHost(first));
  });

  test('takes another model, keeps it across restart and power cut, and times it by cycles', { timeout: 120_000 }, async () => {
    const chip = await flashed(first);
    const before = await powerOn(chip);
    const board = device(before);
    await board.deploy({ model: second });
    const expected = await atHost(second);
    expect(await board.infer([input])).toEqual(expected);
    // SysTick counts what the emulator counts: a run takes as many cycles each time.
    const [once, thrice] = [await board.time(1), await board.time(3)];
    expect(thrice / once).toBeCloseTo(3, 1);
    await before.monitor.restart();
    expect(before.pico.restarts).toBe(1);
    expect(before.monitor.info).toMatchObject({ model: { generation: 2 } });
    await board.close();

    const after = await powerOn(chip);
    expect(after.monitor.info.model?.generation).toBe(2);
    const again = device(after);
    await again.deploy({ model: second });
    expect(after.monitor.info.model?.generation).toBe(2);
    expect(await again.infer([input])).toEqual(expected);
  });

  test('has the old model or the new one after a power cut at any operation', { timeout: 300_000 }, async () => {
    const chip = await flashed(first);
    const start = chip.cells.slice();
    const { bytes: image } = await writeBoardImage(readPackedModel(second), 'scalar');
    /**
     * Uploads until operation `cut`, if it gets that far: on a busy machine frames are repeated, damaged and sent in parts, and
     * pages are programmed once for each part. Where it ended, and the model that the board has then.
     */
    const update = async (cut: number) => {
      chip.cells.set(start);
      const { monitor, pico } = await powerOn(chip);
      Object.assign(chip, { operations: 0, cutAt: cut });
      const uploaded = monitor.upload(image);
      const failure = await uploaded.then(() => undefined, String);
      const { operations, lastOffset } = chip;
      expect(failure ?? '').toMatch(operations > cut ? /the power fails/ : /^$/);
      await pico.close();
      const after = await powerOn(chip);
      await after.pico.close();
      return { operations, lastOffset, isCut: failure !== undefined, model: after.monitor.info.model };
    };
    const { operations, lastOffset: record, model: updated } = await update(Number.POSITIVE_INFINITY);
    expect(updated).toMatchObject({ generation: 2, crc32: crc32(image) });
    expect(operations).toBeGreaterThan(image.length / PAGE_BYTES + image.length / SECTOR_BYTES);
    for (let cut = 0; cut < operations; cut += cut < operations - 4 ? 5 : 1) {
      const { model, isCut, lastOffset } = await update(cut);
      // The last page is that of the record: it may hold all its bits before the power fails.
      if (!isCut || model?.generation === 2) expect([model, lastOffset]).toEqual([updated, record]);
      else expect(model).toMatchObject({ generation: 1, slot: 0, bytes: image.length });
    }
  });
});
