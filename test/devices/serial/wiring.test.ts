/** What the monitor knows of each board, against what targets/boards know of it; and that its firmware builds and fits, with every int8 kernel on a Cortex-M0, M4, M7 and M33. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sectorsOf } from '../../../devices/flash/stm32.ts';
import { buildFirmware, int8Opcodes } from '../../../devices/serial/firmware-build.ts';
import { RECORD_BYTES } from '../../../devices/serial/protocol.ts';
import { type Wiring, wiringOf, wirings } from '../../../devices/serial/wiring.ts';
import { type Board, KB, type Memory } from '../../../targets/boards/board.ts';
import { boardNamed, boards } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';

const wired = Object.entries(wirings).map(([name, wiring]) => ({ name, board: boardNamed(name), wiring }));
const real = wired.filter(({ board }) => !board.qemu || board.name === 'microbit');

const end = ({ origin, bytes }: Memory) => origin + bytes;
const holds = (outer: Memory, inner: Memory) => inner.origin >= outer.origin && end(inner) <= end(outer);

/** Where programs may lie: a UF2 boot loader keeps the rest for itself. */
function programMemory({ flash, flashers }: Board): Memory {
  const uf2 = flashers.find((flasher) => flasher.kind === 'uf2');
  return uf2 ? { origin: uf2.origin, bytes: uf2.bytes ?? end(flash) - uf2.origin } : flash;
}

/** First addresses of the units that are erased at once. */
function isUnitStart(address: number, { flash, flashers }: Board, { memory }: Wiring): boolean {
  const rom = flashers.find((flasher) => flasher.kind === 'stm32-uart');
  if (!rom) return address % (memory.eraseBytes as number) === 0;
  const touched = sectorsOf([{ address: address - 1, content: new Uint8Array(2) }], flash.origin, rom.sectorsKB);
  return touched.length === 2;
}

/** By Zephyr's device trees (dts/arm/st): GPIOA, where its clock is enabled, and of each UART the interrupt and the bit of its clock. */
const stm32: Readonly<Record<string, Family>> = {
  f4: {
    gpio: 0x40020000,
    gpioClock: 0x40023830,
    uarts: { USART2: { interrupt: 38, clock: [0x40023840, 17] }, USART3: { interrupt: 39, clock: [0x40023840, 18] } },
  },
  l4: {
    gpio: 0x48000000,
    gpioClock: 0x4002104c,
    uarts: { USART2: { interrupt: 38, clock: [0x40021058, 17] }, LPUART1: { interrupt: 70, clock: [0x4002105c, 0] } },
  },
  h7: { gpio: 0x58020000, gpioClock: 0x580244e0, uarts: { USART3: { interrupt: 39, clock: [0x580244e8, 18] } } },
  u5: { gpio: 0x42020000, gpioClock: 0x46020c8c, uarts: { USART1: { interrupt: 61, clock: [0x46020ca4, 14] } } },
};

interface Family {
  readonly gpio: number;
  readonly gpioClock: number;
  readonly uarts: Readonly<Record<string, { readonly interrupt: number; readonly clock: readonly [register: number, bit: number] }>>;
}

const family = ({ name }: Board) => stm32[name.slice('nucleo-'.length, 'nucleo-f4'.length)] as Family;

test('every board has a monitor; for another the error says which have', () => {
  expect(boards.map(({ name }) => name).filter((name) => !wirings[name])).toEqual([]);
  const another = { ...boardNamed('pico'), name: 'another' };
  expect(() => wiringOf(another)).toThrow(/another: there is no firmware monitor.*exists for .*pico2.*whittle build MODEL/);
});

describe.for(real.filter(({ board }) => board.name.startsWith('nucleo-')))('$name', ({ board, wiring }) => {
  test("port and UART have their clocks, and the interrupt is the UART's", () => {
    const { name, tx } = board.uart as { name: string; tx: string };
    const { interrupt, clock } = family(board).uarts[name] as Family['uarts'][string];
    expect(wiring.interrupt).toBe(interrupt);
    const port = tx.charCodeAt(1) - 'A'.charCodeAt(0);
    for (const [address, bit] of [[family(board).gpioClock, port], clock] as const)
      expect(wiring.start).toContainEqual({ address, mask: 1 << bit, value: 1 << bit });
  });
});

describe.for(real)('$name', ({ board, wiring }) => {
  const { memory, firmware = board.flash, start = [], pins } = wiring;

  test('firmware and slots share the flash, in whole units', () => {
    const parts = [firmware, ...memory.slots].sort((a, b) => a.origin - b.origin);
    for (const part of parts) expect(holds(programMemory(board), part)).toBe(true);
    for (const [i, part] of parts.slice(1).entries()) expect(part.origin).toBeGreaterThanOrEqual(end(parts[i] as Memory));
    for (const { origin } of memory.slots) expect(isUnitStart(origin, board, wiring)).toBe(true);
    const sizes = memory.slots.map(({ bytes }) => bytes);
    // Whatever fits into one slot must fit into the other.
    expect(new Set(sizes).size).toBe(1);
    expect([memory.persistent, RECORD_BYTES % memory.writeBytes, memory.slots.length]).toEqual([true, 0, 2]);
  });

  test("the pins are the UART's", () => {
    const { tx, rx } = board.uart as { tx: string; rx: string };
    if (pins) {
      const number = (pin: string) => Number(pin[1]) * 32 + Number(pin.slice(3));
      expect([pins.tx, pins.rx]).toEqual([tx, rx].map(number));
      return;
    }
    if (board.uart?.driver === 'pl011') {
      // Function 2 of GP0 and GP1; pads that are not isolated, the one for RX an input with a pull-up.
      const [io, pads] = board.chip === 'RP2040' ? [0x40014000, 0x4001c000] : [0x40028000, 0x40038000];
      for (const pin of [tx, rx].map((name) => Number(name.slice(2)))) {
        expect(start).toContainEqual({ address: io + 8 * pin + 4, mask: 0xffffffff, value: 2 });
        const pad = start.find(({ address }) => address === pads + 4 + 4 * pin);
        expect([pad?.mask, (pad?.value as number) & 0x1cc]).toEqual([0xffffffff, pin === Number(rx.slice(2)) ? 0x48 : 0]);
      }
      return;
    }
    if (board.uart?.driver === 'sercom') {
      // Function C, a pull-up for RX (PORT of Microchip's packs: PMUX 0x30, PINCFG 0x40); TXPO and RXPO by the pads of the pins.
      const [port, interrupt, control] = tx.startsWith('PA') ? [0x41004400, 9, 0x310000] : [0x41008080, 68, 0x100000];
      const [txBit, rxBit] = [tx, rx].map((pin) => Number(pin.slice(2))) as [number, number];
      const written = (address: number) => start.find((step) => step.address === address)?.value;
      expect([written(port + 0x30 + txBit / 2), written(port + 0x40 + txBit), written(port + 0x40 + rxBit)]).toEqual([0x22, 1, 7]);
      expect([written(port + 0x18), rxBit, wiring.interrupt, wiring.pads]).toEqual([2 ** rxBit, txBit + 1, interrupt, control]);
      return;
    }
    if (board.uart?.driver === 'esp32') {
      // IO MUX: of both the function is chosen, of one the input, too.
      for (const [pin, bits] of [
        [tx, 0x7000],
        [rx, 0x7380],
      ] as const)
        expect(start).toContainEqual(expect.objectContaining({ address: 0x60009004 + 4 * Number(pin.slice(4)), mask: bits }));
      return;
    }
    const base = family(board).gpio;
    for (const pin of [tx, rx]) {
      const [port, bit] = [pin.charCodeAt(1) - 'A'.charCodeAt(0), Number(pin.slice(2))];
      const moder = start.filter(({ address }) => address === base + 0x400 * port);
      expect(moder).toContainEqual({ address: base + 0x400 * port, mask: (3 << (2 * bit)) >>> 0, value: (2 << (2 * bit)) >>> 0 });
    }
  });

  // That of an ESP: test/devices/esp.
  if (!board.core.startsWith('cortex')) return;

  test.skipIf(!requireTool('arm-none-eabi-gcc'))('the monitor compiles without warnings, and fits', async () => {
    const takesAll = ['microbit', 'feather-m0', 'feather-m4', 'nucleo-l432kc', 'nucleo-h743zi2', 'nucleo-u545re-q'].includes(board.name);
    const { bin, heapBytes } = await buildFirmware(board, takesAll ? int8Opcodes : []);
    const image = readFileSync(bin);
    expect(image.length).toBeLessThanOrEqual(firmware.bytes);
    expect(heapBytes).toBeGreaterThan(board.ram.bytes - 4 * KB);
    // Behind the second stage of the boot, where there is one.
    const vectors = board.chip === 'RP2040' ? 256 : 0;
    const [stack, reset] = [image.readUInt32LE(vectors), image.readUInt32LE(vectors + 4)];
    expect(stack).toBe(end(board.ram));
    expect(reset % 2).toBe(1);
    expect(holds(firmware, { origin: reset - 1, bytes: 2 })).toBe(true);
  });
});
