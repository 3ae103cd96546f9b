/** The firmware monitor of an ESP32-C3 as it is flashed, on a model of the chip that boots it from its flash; the real host side. */
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { deployForBench } from '../../../devices/bench.ts';
import { BoardDevice } from '../../../devices/serial/board-device.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import { AREA_IMAGE, AREA_NEW_IMAGE, REQUEST_BEGIN } from '../../../devices/serial/protocol.ts';
import { slotContent } from '../../../devices/serial/record.ts';
import { type Slot, type Wiring, wirings } from '../../../devices/serial/wiring.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { writeBoardImage } from '../../../targets/mcu/image.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { denseModel } from '../serial/dense-model.ts';
import { Esp32c3, INSTRUCTION_BUS, RAM_BYTES } from './esp32c3.ts';
import { loadEspImage } from './image.ts';

const board = boardNamed('esp32-c3-devkitm-1');
const wiring = wirings[board.name] as Wiring;
const models = [1, 2].map((seed) => denseModel({ inputs: 60 * seed, outputs: 40, seed })) as [Uint8Array, Uint8Array];

const { opcodes } = readPackedModel(models[0]);

const chips: Esp32c3[] = [];
afterEach(() => {
  for (const chip of chips.splice(0)) chip.powerOff();
});

/** The monitor as it is flashed. */
async function flashWith(opcodes: readonly number[], changed = wiring): Promise<Uint8Array> {
  const { bin } = await buildFirmware(board, opcodes, changed);
  // What was there before.
  const flash = new Uint8Array(board.flash.bytes).fill(0x5a);
  flash.set(readFileSync(bin));
  return flash;
}

function start(flash: Uint8Array): Esp32c3 {
  const chip = new Esp32c3(flash);
  chips.push(chip);
  chip.powerOn();
  return chip;
}

async function open(chip: Esp32c3): Promise<Monitor> {
  // What comes before the program listens is lost, and sent again only after a while.
  while (!chip.uart.isIdle) {
    await Promise.race([chip.failure, setImmediate()]);
    expect(chip.resets.length, chip.resets.at(-1)).toBeLessThan(4);
  }
  return Promise.race([chip.failure, Monitor.open(chip.uart, { silenceSeconds: 1 })]);
}

/** @throws what the bench's gate throws: outputs and layers are those of this machine */
async function run(chip: Esp32c3, model: Uint8Array): Promise<Monitor> {
  const monitor = await open(chip);
  const device = new BoardDevice(
    { name: 'esp32c3', counts: 'time', connect: async () => monitor, close: async () => {} },
    { log: () => {} },
  );
  await Promise.race([chip.failure, deployForBench(model, device)]);
  return monitor;
}

/** @throws where something of it is not as it should be */
async function bootWriteRestart(flash: Uint8Array): Promise<void> {
  const chip = start(flash);
  const [before, slot] = [flash.slice(), (wiring.memory.slots[0] as Slot).origin - board.flash.origin];
  const monitor = await open(chip);
  expect(monitor.info).toMatchObject({ board: board.name, core: 'rv32imc', clock: 'mpccr', slots: 2, persistent: true });
  expect(monitor.info.clockHz).toBe(chip.clockHz);
  expect(chip.flash.romMHz * 1e6).toBe(chip.clockHz);
  expect(monitor.info.arenaLimitBytes).toBeGreaterThan(300_000);
  const data = Uint8Array.from({ length: 10_001 }, (_, i) => (i * i) >> 3);
  const work = async () => {
    await monitor.link.request(REQUEST_BEGIN, new Uint8Array(Uint32Array.of(data.length).buffer));
    await monitor.write(AREA_NEW_IMAGE, 0, data);
    expect(await monitor.crc32(AREA_NEW_IMAGE, 0, data.length)).toBe(crc32(data));
    expect(await monitor.read(AREA_NEW_IMAGE, 9000, 1001)).toEqual(data.slice(9000));
    await monitor.restart();
  };
  await Promise.race([chip.failure, work()]);
  expect(chip.resets).toEqual(['power', 'software']);
  expect(monitor.info.crashAddress).toBeUndefined();
  // Three sectors of the slot, and nothing else.
  const changed = (from: number, to: number) => Buffer.compare(chip.flash.bytes.subarray(from, to), before.subarray(from, to)) !== 0;
  expect([changed(0, slot), changed(slot + 3 * 4096, before.length)]).toEqual([false, false]);
}

describe.skipIf(!requireTool('riscv64-unknown-elf-gcc'))('the monitor on an ESP32-C3', () => {
  test('its image is what the boot ROM wants: header, RAM, checksum and digest', async () => {
    const { bin, heapBytes } = await buildFirmware(board, []);
    const image = readFileSync(bin);
    const { entry, flashMode, flashSize, segments, bytes } = loadEspImage(image, 5);
    expect([bytes, flashMode, flashSize, entry]).toEqual([image.length, 2, board.flash.bytes, INSTRUCTION_BUS]);
    expect(segments.map(({ address }) => address >= INSTRUCTION_BUS)).toEqual([false, true]);
    const [data, code] = segments as [(typeof segments)[0], (typeof segments)[0]];
    // On the data bus one begins where the other ends, with nothing over it.
    expect(data.address - board.ram.origin).toBe(code.content.length);
    expect(heapBytes).toBeLessThan(RAM_BYTES - code.content.length - data.content.length);
    const damaged = Uint8Array.from(image);
    damaged[1000] = (damaged[1000] as number) ^ 1;
    expect(() => loadEspImage(damaged, 5)).toThrow(/checksum/);
    expect(() => loadEspImage(image, 9)).toThrow(/for chip 5/);
  });

  test('boots, says what it is, keeps what is written, and restarts', async () => {
    await bootWriteRestart(await flashWith([]));
  });

  const { start: steps = [], esp, memory } = wiring as Required<Wiring>;
  const without = (address: number): Wiring => ({ ...wiring, start: steps.filter((step) => step.address !== address) });
  const withRom = (name: string, address: number): Wiring => ({ ...wiring, esp: { ...esp, rom: { ...esp.rom, [name]: address } } });
  test.for<[string, Wiring, RegExp]>([
    ['the RTC watchdog stays on', without(0x60008090), /watchdog 60008090/],
    ['its key is missing', without(0x600080a8), /watchdog 60008090/],
    ["the timer group's watchdog stays on", without(0x6001f048), /watchdog 6001f048/],
    ['the super watchdog is not fed', without(0x600080ac), /watchdog 600080ac/],
    ["the ROM's divider stays", without(0x600c0058), /20000000/],
    ['the receiving pin has no input', without(0x60009054), /has not answered/],
    ['the rate of the UART is that of another clock', { ...wiring, clockHz: 80_000_000 }, /has not answered/],
    ['another function of the ROM is called', withRom('esp_rom_spiflash_write', 0x40000130), /the ROM has nothing at 40000130/],
    ['the cache stays on', withRom('Cache_Disable_ICache', esp.rom.ets_update_cpu_frequency as number), /while the cache/],
    ['nothing is mapped', withRom('Cache_Dbus_MMU_Set', esp.rom.Cache_Enable_ICache as number), /the mapping|nothing is mapped/],
    ['half of a unit is erased', { ...wiring, memory: { ...memory, eraseBytes: 8192 } }, /the flash|flash_failed|not hold/i],
    ["the stack lies over the ROM's variables", { ...wiring, ramBytes: 0x60000 }, /./],
  ])('%s: that is found', async ([, changed, found]) => {
    await expect(bootWriteRestart(await flashWith([], changed))).rejects.toThrow(found);
  });

  test('takes models into its slots, and computes what Node computes, in int8 and float32', async () => {
    const chip = start(await flashWith(opcodes));
    const { info } = await run(chip, models[0]);
    const monitor = await run(chip, models[1]);
    expect([info.model?.slot, monitor.info.model?.slot, monitor.info.model?.generation]).toEqual([0, 1, 2]);
    // The counter is the core's: an instruction is a cycle here.
    const before = chip.core.cycles;
    const ticks = await monitor.run(1);
    expect(ticks).toBeGreaterThan(120 * 40);
    expect(ticks).toBeLessThan(chip.core.cycles - before);
    const float = start(await flashWith(readPackedModel(smallModel()).opcodes));
    await run(float, smallModel());
  });

  test('a crash is told after the restart', async () => {
    const chip = start(await flashWith(opcodes));
    const monitor = await open(chip);
    chip.core.pc = 0x20;
    await expect(monitor.crc32(0, 0, 4)).rejects.toThrow(/restarted in between \(its program crashed at 0x20\)/);
    expect(chip.resets).toEqual(['power', 'software']);
  });

  test('the power fails at every write and erasure of an update, and the board has the old model or the new one', async () => {
    const images = await Promise.all(models.map(async (model) => (await writeBoardImage(readPackedModel(model), 'scalar')).bytes));
    const flash = await flashWith(opcodes);
    flash.set(slotContent(images[0] as Uint8Array, 7), (wiring.memory.slots[0] as Slot).origin - board.flash.origin);
    const found: number[] = [];
    for (let isCut = true; isCut; ) {
      const chip = start(flash.slice());
      const monitor = await open(chip);
      const cut = chip.cutPower(found.length).then(() => true);
      isCut = await Promise.race([chip.failure, cut, monitor.upload(images[1] as Uint8Array).then(() => false)]);
      chip.powerOff();
      const again = start(chip.flash.bytes);
      const after = await open(again);
      const { generation = 0, bytes = 0 } = after.info.model ?? {};
      found.push(generation);
      const image = images[generation - 7] as Uint8Array;
      expect(bytes).toBe(image.length);
      expect(await after.crc32(AREA_IMAGE, 0, bytes)).toBe(crc32(image));
      expect(await after.run(1)).toBeGreaterThan(0);
      again.powerOff();
    }
    // Until the last, and whole.
    expect(found.length).toBeGreaterThan(30);
    expect([found[0], found.at(-1)]).toEqual([7, 8]);
  });
});
