/**
 * The monitor behind the UF2 boot loader of SAM D21 (datasheet DS40001882: GCLK, PM, SYSCTRL, NVMCTRL, PORT) and SAM D51
 * (DS60001507: GCLK, MCLK, OSCCTRL, NVMCTRL, CMCC, PORT). Nothing of what the boot loader leaves is relied upon.
 */
import { KB, type Memory, MHz } from '../../targets/boards/board.ts';
import { change, type RegisterStep, until, write } from './register-steps.ts';
import type { SlotMemory, Wiring } from './wiring.ts';

const FIRMWARE_BYTES = 64 * KB;
/** CTRLA of the SERCOM: TX at pad 2 and RX at pad 3; TX at pad 0 and RX at pad 1. */
const PADS_2_3 = (3 << 20) | (1 << 16);
const PADS_0_1 = 1 << 20;

const set = (address: number, value: number): RegisterStep => change(address, value, value);

/** Two pins as the peripheral of function C: an output, then an input with a pull-up. `port`: registers of the group. */
function pinSteps(port: number, tx: number): RegisterStep[] {
  return [
    // OUTSET: the pull is one up. PMUX, PINCFG: PMUXEN, INEN, PULLEN.
    write(port + 0x18, (1 << (tx + 1)) >>> 0),
    write(port + 0x30 + tx / 2, 0x22, 8),
    write(port + 0x40 + tx, 1, 8),
    write(port + 0x41 + tx, 7, 8),
  ];
}

/** Two slots of whole erase units behind the firmware. */
function slots(firmware: Memory, flashBytes: number, eraseBytes: number): SlotMemory['slots'] {
  const origin = firmware.origin + firmware.bytes;
  const bytes = Math.floor((flashBytes - origin) / 2 / eraseBytes) * eraseBytes;
  return [0, 1].map((index) => ({ origin: origin + index * bytes, bytes, writable: true }));
}

/** The multiple of the 32.768 kHz crystal that comes nearest to 48 MHz. */
const MULTIPLE = 1465;
const [GCLK, SYSCTRL, PORT21] = [0x40000c00, 0x40000800, 0x41004400];
const settled = until(GCLK + 1, 0x80, 0, 8);
/** GENDIV, GENCTRL; CLKCTRL: 16 bits. */
const generator = (number: number, control: number) => [write(GCLK + 8, number), settled, write(GCLK + 4, control), settled];
const clock = (control: number) => [write(GCLK + 2, control, 16), settled];
/** PCLKSR of SYSCTRL. */
const ready = (mask: number) => until(SYSCTRL + 0xc, mask, mask);

/** DFLL48M in closed loop on the board's crystal. */
const samd21Start: readonly RegisterStep[] = [
  // NVMCTRL CTRLB: one wait state above 24 MHz, pages are written by command only.
  { address: 0x41004004, mask: 0x9e, value: 0x82 },
  // The core back at the oscillator of the reset.
  write(GCLK, 1, 8),
  settled,
  until(GCLK, 1, 0, 8),
  // XOSC32K: a crystal, 32 kHz out, two seconds of start-up; on by a write of its own.
  write(SYSCTRL + 0x14, 0x60c, 16),
  write(SYSCTRL + 0x14, 0x60e, 16),
  ready(1 << 1),
  // Generator 1: the crystal; the DFLL's reference (clock 0).
  ...generator(1, 0x10501),
  ...clock(0x4100),
  // DFLLCTRL without ONDEMAND, or the other registers do not answer (errata 1.2.1); then the steps and the multiple, closed loop.
  write(SYSCTRL + 0x24, 0x2, 16),
  ready(1 << 4),
  write(SYSCTRL + 0x2c, (31 << 26) | (511 << 16) | MULTIPLE),
  ready(1 << 4),
  write(SYSCTRL + 0x24, 0xa06, 16),
  ready((1 << 4) | (1 << 6) | (1 << 7)),
  // Generator 0, of the core: the DFLL, with equal halves.
  ...generator(0, 0x30700),
  // SERCOM0: its bus (PM APBCMASK) and core clock (20), of generator 0.
  set(0x40000420, 1 << 2),
  ...clock(0x4014),
  ...pinSteps(PORT21, 10),
];

const [GCLK51, OSCCTRL, PORT51B] = [0x40001c00, 0x40001000, 0x41008080];
const settled51 = (bit: number) => until(GCLK51 + 4, (1 << bit) >>> 0, 0);
const generator51 = (number: number, control: number) => [write(GCLK51 + 0x20 + 4 * number, control), settled51(2 + number)];
/** PCHCTRL: a generator and CHEN; until it is on. */
const channel51 = (number: number, source: number) => [
  write(GCLK51 + 0x80 + 4 * number, 0x40 | source),
  until(GCLK51 + 0x80 + 4 * number, 0x40, 0x40),
];

/** The core at 120 MHz of DPLL0, whose reference is the DFLL / 48 as it runs since the reset; the UART at the DFLL's 48 MHz. */
const samd51Start: readonly RegisterStep[] = [
  // NVMCTRL CTRLA: wait states as the clock wants them, pages by command only, its caches off (errata 2.14.1).
  write(0x41004000, 0xc004, 16),
  write(GCLK51, 1, 8),
  settled51(0),
  // Generator 5: the DFLL / 48, for DPLL0 (channel 1).
  ...generator51(5, 0x00300106),
  ...channel51(1, 5),
  // DPLL0: off; times 120; on. LBYPASS: the lock may seem lost (errata 2.13.1).
  write(OSCCTRL + 0x30, 0, 8),
  until(OSCCTRL + 0x3c, 2, 0),
  write(OSCCTRL + 0x34, 119),
  until(OSCCTRL + 0x3c, 4, 0),
  write(OSCCTRL + 0x38, 0x800),
  write(OSCCTRL + 0x30, 2, 8),
  until(OSCCTRL + 0x3c, 2, 0),
  until(OSCCTRL + 0x40, 3, 3),
  // Generator 1: the DFLL; generator 0, of the core: DPLL0, with equal halves.
  ...generator51(1, 0x106),
  ...generator51(0, 0x307),
  // SERCOM5: its bus (MCLK APBDMASK) and core clock, of generator 1.
  set(0x40000820, 1 << 1),
  ...channel51(35, 1),
  ...pinSteps(PORT51B, 16),
  // CMCC CTRL: the cache, on.
  write(0x41006008, 1),
];

const firmware21 = { origin: 0x2000, bytes: FIRMWARE_BYTES };
const firmware51 = { origin: 0x4000, bytes: FIRMWARE_BYTES };

export const samdWirings: Readonly<Record<string, Wiring>> = {
  'feather-m0': {
    interrupt: 9,
    clockHz: 32768 * MULTIPLE,
    start: samd21Start,
    pads: PADS_2_3,
    firmware: firmware21,
    memory: { driver: 'samd21', eraseBytes: 256, writeBytes: 32, persistent: true, slots: slots(firmware21, 256 * KB, 256) },
  },
  'feather-m4': {
    interrupt: 68,
    uartClockHz: 48 * MHz,
    start: samd51Start,
    pads: PADS_0_1,
    firmware: firmware51,
    memory: { driver: 'samd51', eraseBytes: 8 * KB, writeBytes: 16, persistent: true, slots: slots(firmware51, 512 * KB, 8 * KB) },
  },
};
