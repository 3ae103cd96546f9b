/** What the firmware monitor must know of a board beyond targets/boards: its interrupt, what a reset leaves to be done, where models live. */
import { UsageError } from '../../compiler/errors.ts';
import { type Board, KB, MB, type Memory } from '../../targets/boards/board.ts';
import type { RegisterStep } from './register-steps.ts';
import { type EspChip, espWirings } from './wiring-esp.ts';
import { nrfWirings } from './wiring-nrf.ts';
import { rp2Wirings } from './wiring-rp2.ts';
import { samdWirings } from './wiring-samd.ts';
import { stm32f4Wirings } from './wiring-stm32f4.ts';
import { stm32h7Wirings } from './wiring-stm32h7.ts';
import { stm32l4Wirings } from './wiring-stm32l4.ts';
import { stm32u5Wirings } from './wiring-stm32u5.ts';

export interface Slot extends Memory {
  readonly writable: boolean;
}

/** How the memory of the slots is written: flash_<driver>.c. */
export interface SlotMemory {
  readonly driver: 'memory' | 'esp32' | 'esp32s3' | 'nvmc' | 'rp2' | 'samd21' | 'samd51' | 'stm32f4' | 'stm32h7' | 'stm32l4' | 'stm32u5';
  /** Of one erasure, where all are of one size. */
  readonly eraseBytes?: number;
  /** Of one bank, where its units are numbered from 0. */
  readonly bankBytes?: number;
  readonly writeBytes: number;
  /** Whether a power cut leaves its content. */
  readonly persistent: boolean;
  readonly slots: readonly Slot[];
}

export interface Wiring {
  /** Number of the UART's receive interrupt; absent: the UART is polled. */
  readonly interrupt?: number;
  /** Clock of core and UART where it is not the board's: that of the reset, or what `start` makes of it. */
  readonly clockHz?: number;
  /** Clock of the UART where it is not that of the core. */
  readonly uartClockHz?: number;
  /** Before anything is written to RAM. */
  readonly power?: readonly RegisterStep[];
  /** The core has caches, which are turned on. */
  readonly caches?: true;
  /** Clocks and pins of the UART, in this order. */
  readonly start?: readonly RegisterStep[];
  /** Pins of an nRF UART, numbered 32 * port + pin. */
  readonly pins?: { readonly tx: number; readonly rx: number };
  /** Bits of a SERCOM's CTRLA that say which of its pads are TX and RX. */
  readonly pads?: number;
  /** What the boot ROM wants to find in the flash: boot_<boot>.c. */
  readonly boot?: 'rp2040' | 'rp2350';
  /** Flash for the firmware; default: all of it. */
  readonly firmware?: Memory;
  /** RAM for the firmware and the arena, from the start; default: all of it. */
  readonly ramBytes?: number;
  readonly memory: SlotMemory;
  /** The write that restarts a core without an instruction or a register of its own for it. */
  readonly reset?: { readonly address: number; readonly value: number };
  /** Where the boot ROM of an ESP loads the firmware into RAM. */
  readonly esp?: EspChip;
}

/** RAM that stands for flash: two slots of 4 MB. */
function ramSlots(origin: number): SlotMemory {
  return {
    driver: 'memory',
    eraseBytes: 4 * KB,
    writeBytes: 4,
    persistent: false,
    slots: [
      { origin, bytes: 4 * MB, writable: true },
      { origin: origin + 4 * MB, bytes: 4 * MB, writable: true },
    ],
  };
}

export const wirings: Readonly<Record<string, Wiring>> = {
  // The PSRAM of the MPS2 boards, the DDR of the MPS3 board: QEMU can back them with a file.
  'mps2-an385': { interrupt: 0, memory: ramSlots(0x21000000) },
  'mps2-an386': { interrupt: 0, memory: ramSlots(0x21000000) },
  'mps2-an500': { interrupt: 0, memory: ramSlots(0x60000000) },
  'mps2-an505': { interrupt: 32, memory: ramSlots(0x80000000) },
  'mps3-an547': { interrupt: 33, memory: ramSlots(0x60000000) },
  // mcycle counts nanoseconds of virtual time.
  'virt-rv32': {
    interrupt: 10,
    clockHz: 1_000_000_000,
    memory: ramSlots(0x81000000),
    // SiFive's test device.
    reset: { address: 0x100000, value: 0x7777 },
  },
  // QEMU's flash cannot be written by the guest: new models go to RAM; what the emulator was started with lies in flash.
  netduinoplus2: {
    interrupt: 37,
    firmware: { origin: 0x08000000, bytes: 256 * KB },
    ramBytes: 72 * KB,
    memory: {
      driver: 'memory',
      eraseBytes: 4 * KB,
      writeBytes: 4,
      persistent: false,
      slots: [
        { origin: 0x20000000 + 72 * KB, bytes: 56 * KB, writable: true },
        { origin: 0x08000000 + 256 * KB, bytes: 768 * KB, writable: false },
      ],
    },
  },
  ...espWirings,
  ...nrfWirings,
  ...rp2Wirings,
  ...samdWirings,
  ...stm32f4Wirings,
  ...stm32l4Wirings,
  ...stm32h7Wirings,
  ...stm32u5Wirings,
};

/** @throws UsageError when the monitor does not run on the board */
export function wiringOf({ name }: Board): Wiring {
  const wiring = wirings[name];
  if (!wiring)
    throw new UsageError(
      `${name}: there is no firmware monitor for this board; it exists for ${Object.keys(wirings).join(', ')}. Build the model into a program of your own: whittle build MODEL --target mcu --board ${name}`,
    );
  return wiring;
}
