/** The monitor on nRF51 and nRF52: UART0 and NVMC, whose registers both families share (nRF51 reference manual; nRF52833 and nRF52840 product specifications). */
import { KB, type Memory } from '../../targets/boards/board.ts';
import { type RegisterStep, write } from './register-steps.ts';
import type { Wiring } from './wiring.ts';

/** UART0 and UARTE0 of the nRF52. */
const UART0_INTERRUPT = 2;
const FIRMWARE_BYTES = 64 * KB;

interface Nrf {
  /** Pins numbered 32 * port + pin. */
  readonly tx: number;
  readonly rx: number;
  readonly flash: Memory;
  readonly pageBytes: number;
}

/** Two slots of whole pages behind the firmware. */
function wiring({ tx, rx, flash, pageBytes }: Nrf): Wiring {
  const bytes = Math.floor((flash.bytes - FIRMWARE_BYTES) / 2 / pageBytes) * pageBytes;
  const origin = flash.origin + FIRMWARE_BYTES;
  const slots = [0, 1].map((index) => ({ origin: origin + index * bytes, bytes, writable: true }));
  return {
    interrupt: UART0_INTERRUPT,
    pins: { tx, rx },
    firmware: { origin: flash.origin, bytes: FIRMWARE_BYTES },
    memory: { driver: 'nvmc', eraseBytes: pageBytes, writeBytes: 4, persistent: true, slots },
  };
}

/** A UART wants a better clock than the RC oscillator, and its pins as they are when it is off: TX high, RX with a pull-up. */
function nrf52Start(tx: number, rx: number): readonly RegisterStep[] {
  const gpio = (pin: number) => 0x50000000 + (pin >> 5) * 0x300;
  const configuration = (pin: number) => gpio(pin) + 0x700 + 4 * (pin & 31);
  return [
    // CLOCK: HFCLKSTART
    write(0x40000000, 1),
    // OUTSET, then PIN_CNF: an output that is not read; an input with a pull-up.
    write(gpio(tx) + 0x508, (1 << (tx & 31)) >>> 0),
    write(configuration(tx), 3),
    write(configuration(rx), 12),
  ];
}

function nrf52(board: Omit<Nrf, 'pageBytes'>): Wiring {
  return { ...wiring({ ...board, pageBytes: 4 * KB }), start: nrf52Start(board.tx, board.rx) };
}

export const nrfWirings: Readonly<Record<string, Wiring>> = {
  microbit: wiring({ tx: 24, rx: 25, flash: { origin: 0, bytes: 256 * KB }, pageBytes: 1 * KB }),
  'microbit-v2': nrf52({ tx: 6, rx: 32 + 8, flash: { origin: 0, bytes: 512 * KB } }),
  nrf52840dk: nrf52({ tx: 6, rx: 8, flash: { origin: 0, bytes: 1024 * KB } }),
  // Between the SoftDevice that the boot loader starts programs behind, and its file system.
  'feather-nrf52840': nrf52({ tx: 25, rx: 24, flash: { origin: 0x26000, bytes: 0xc7000 } }),
};
