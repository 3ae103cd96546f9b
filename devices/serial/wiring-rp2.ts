/**
 * The monitor on RP2040 and RP2350: clocks, resets and pins (RP2040 datasheet, 2.14 to 2.19; RP2350, 7.5, 8.1, 8.2, 8.6, 9.11),
 * whose registers differ in little but their addresses. The boot ROMs leave the core at its ring oscillator.
 */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import { change, type RegisterStep, until, write } from './register-steps.ts';
import type { Wiring } from './wiring.ts';

const ORIGIN = 0x10000000;
const FIRMWARE_BYTES = 128 * KB;
const SECTOR_BYTES = 4 * KB;

interface Rp2 {
  /** Addresses. */
  readonly clocks: number;
  readonly resets: number;
  readonly io: number;
  readonly pads: number;
  readonly crystal: number;
  readonly pll: number;
  /** Numbers of the blocks in RESETS. */
  readonly reset: { readonly io: number; readonly pads: number; readonly pll: number; readonly uart: number };
  /** A divisor of 1. */
  readonly undivided: number;
  /** The PLL makes 12 MHz × feedback, divided twice. */
  readonly feedback: number;
  readonly dividers: readonly [number, number];
  readonly interrupt: number;
  readonly boot: 'rp2040' | 'rp2350';
  readonly flashBytes: number;
}

/** Holds a block in reset and lets it go: a restart of the core alone leaves it as the program had it. */
function restart(resets: number, block: number): RegisterStep[] {
  const bit = (1 << block) >>> 0;
  return [change(resets, bit, bit), change(resets, bit, 0), until(resets + 8, bit, bit)];
}

/** The crystal for clk_ref; its PLL for clk_sys and clk_peri. Registers of a clock: CTRL, DIV, SELECTED. */
function clockSteps({ clocks, resets, crystal, pll, reset, undivided, feedback, dividers }: Rp2): RegisterStep[] {
  const [reference, system, peripherals] = [clocks + 0x30, clocks + 0x3c, clocks + 0x48];
  return [
    // XOSC: 1 to 15 MHz, on; until it is stable.
    write(crystal, 0xfabaa0),
    until(crystal + 4, 0x80000000, 0x80000000),
    // clk_sys lets go of the PLL, if a program before had it there.
    change(system, 1, 0),
    until(system + 8, 3, 1),
    change(reference, 3, 2),
    until(reference + 8, 7, 4),
    ...restart(resets, reset.pll),
    // REFDIV, FBDIV_INT, PRIM; power for PLL and oscillator, the lock, then power for the dividers.
    write(pll, 1),
    write(pll + 8, feedback),
    write(pll + 0xc, (dividers[0] << 16) | (dividers[1] << 12)),
    change(pll + 4, 0x21, 0),
    until(pll, 0x80000000, 0x80000000),
    change(pll + 4, 0x08, 0),
    write(system + 4, undivided),
    change(system, 0xe0, 0),
    change(system, 1, 1),
    until(system + 8, 3, 2),
    // clk_peri: of clk_sys, on.
    change(peripherals, 0xe0, 0),
    change(peripherals, 0x800, 0x800),
  ];
}

/** GP0 and GP1 as UART0: an output; an input with Schmitt trigger and pull-up. The RP2350's ISO bit is among those cleared. */
function pinSteps({ resets, io, pads, reset }: Rp2): RegisterStep[] {
  return [
    ...[reset.io, reset.pads, reset.uart].flatMap((block) => restart(resets, block)),
    write(io + 0x04, 2),
    write(io + 0x0c, 2),
    write(pads + 0x04, 0x12),
    write(pads + 0x08, 0x5a),
  ];
}

function wiring(chip: Rp2): Wiring {
  const slotBytes = (chip.flashBytes - FIRMWARE_BYTES) / 2;
  const slots = [0, 1].map((index) => ({ origin: ORIGIN + FIRMWARE_BYTES + index * slotBytes, bytes: slotBytes, writable: true }));
  return {
    interrupt: chip.interrupt,
    clockHz: (12 * MHz * chip.feedback) / (chip.dividers[0] * chip.dividers[1]),
    start: [...clockSteps(chip), ...pinSteps(chip)],
    boot: chip.boot,
    firmware: { origin: ORIGIN, bytes: FIRMWARE_BYTES },
    memory: { driver: 'rp2', eraseBytes: SECTOR_BYTES, writeBytes: 32, persistent: true, slots },
  };
}

export const rp2Wirings: Readonly<Record<string, Wiring>> = {
  // 125 MHz, as every program of Raspberry Pi's SDK has it.
  pico: wiring({
    clocks: 0x40008000,
    resets: 0x4000c000,
    io: 0x40014000,
    pads: 0x4001c000,
    crystal: 0x40024000,
    pll: 0x40028000,
    reset: { io: 5, pads: 8, pll: 12, uart: 22 },
    undivided: 0x100,
    feedback: 125,
    dividers: [6, 2],
    interrupt: 20,
    boot: 'rp2040',
    flashBytes: 2 * MB,
  }),
  pico2: wiring({
    clocks: 0x40010000,
    resets: 0x40020000,
    io: 0x40028000,
    pads: 0x40038000,
    crystal: 0x40048000,
    pll: 0x40050000,
    reset: { io: 6, pads: 9, pll: 14, uart: 26 },
    undivided: 0x10000,
    feedback: 125,
    dividers: [5, 2],
    interrupt: 33,
    boot: 'rp2350',
    flashBytes: 4 * MB,
  }),
};
