/** What the monitor's wirings of Nucleo boards share: clocks and pins as register steps, slots in whole sectors. */
import { change, type RegisterStep, until } from './register-steps.ts';
import type { SlotMemory, Wiring } from './wiring.ts';

const ORIGIN = 0x08000000;

/** A clock may be used when its bit reads back. */
export const enable = (address: number, bit: number): RegisterStep[] => [
  change(address, (1 << bit) >>> 0, (1 << bit) >>> 0),
  until(address, (1 << bit) >>> 0, (1 << bit) >>> 0),
];

export interface Pin {
  readonly pin: number;
  /** Number of the alternate function. */
  readonly af: number;
}

/** Alternate function with a pull-up: AFRL or AFRH, PUPDR, MODER. */
function alternate(gpio: number, { pin, af }: Pin): RegisterStep[] {
  const [twoBits, fourBits] = [2 * pin, 4 * (pin & 7)];
  return [
    change(gpio + (pin < 8 ? 0x20 : 0x24), (15 << fourBits) >>> 0, (af << fourBits) >>> 0),
    change(gpio + 0x0c, (3 << twoBits) >>> 0, (1 << twoBits) >>> 0),
    change(gpio, (3 << twoBits) >>> 0, (2 << twoBits) >>> 0),
  ];
}

/** Where two slots of equal size begin, from the start of the flash. */
export interface SlotPlaces {
  readonly firmwareBytes: number;
  readonly slotBytes: number;
  readonly slotOrigins: readonly [number, number];
}

/** The firmware first, halves of the rest for the slots. */
export function halves(flashBytes: number, firmwareBytes: number): SlotPlaces {
  const slotBytes = (flashBytes - firmwareBytes) / 2;
  return { firmwareBytes, slotBytes, slotOrigins: [firmwareBytes, firmwareBytes + slotBytes] };
}

/**
 * What the core and the UART run with. The source is the internal oscillator, which is there on every board and right to 1 %:
 * so are the times that ticks are converted to.
 */
export interface Clock {
  readonly coreHz: number;
  readonly uartHz: number;
  readonly steps: readonly RegisterStep[];
}

interface Nucleo {
  readonly interrupt: number;
  readonly clock: Clock;
  /** Registers and bits that give port and UART their clocks, and what else has to be on, in this order. */
  readonly enabled: readonly (readonly [register: number, bit: number])[];
  readonly gpio: number;
  readonly pins: readonly Pin[];
  readonly places: SlotPlaces;
  readonly memory: Omit<SlotMemory, 'persistent' | 'slots'>;
}

export function nucleo({ interrupt, clock, enabled, gpio, pins, places, memory }: Nucleo): Wiring {
  const { firmwareBytes, slotBytes, slotOrigins } = places;
  return {
    interrupt,
    clockHz: clock.coreHz,
    uartClockHz: clock.uartHz,
    start: [...clock.steps, ...enabled.flatMap((bit) => enable(...bit)), ...pins.flatMap((pin) => alternate(gpio, pin))],
    firmware: { origin: ORIGIN, bytes: firmwareBytes },
    memory: { ...memory, persistent: true, slots: slotOrigins.map((at) => ({ origin: ORIGIN + at, bytes: slotBytes, writable: true })) },
  };
}
