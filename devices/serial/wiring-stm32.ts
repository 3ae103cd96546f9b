/** The monitor on Nucleo boards: clocks, pins and sectors (RM0090, RM0368, RM0383, RM0390 of the STM32F4; RM0351, RM0394 of the L4). */
import { KB, MHz } from '../../targets/boards/board.ts';
import type { RegisterStep, SlotMemory, Wiring } from './wiring.ts';

const ORIGIN = 0x08000000;

const change = (address: number, mask: number, value: number): RegisterStep => ({ address, mask, value });
const until = (address: number, mask: number, value: number): RegisterStep => ({ address, mask, value, waits: true });

/** A clock may be used when its bit reads back. */
const enable = (address: number, bit: number): RegisterStep[] => [
  change(address, (1 << bit) >>> 0, (1 << bit) >>> 0),
  until(address, (1 << bit) >>> 0, (1 << bit) >>> 0),
];

interface Pin {
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

function slotMemory(memory: Omit<SlotMemory, 'persistent' | 'slots'>, bytes: number, origins: readonly [number, number]): SlotMemory {
  return { ...memory, persistent: true, slots: origins.map((origin) => ({ origin: ORIGIN + origin, bytes, writable: true })) };
}

/** HSI with nothing divided: RCC_CR, RCC_CFGR; then FLASH_ACR without wait states and caches, whatever a boot ROM left. */
const f4Clock = [
  change(0x40023800, 0, 1),
  until(0x40023800, 2, 2),
  change(0x40023808, 0xfcf3, 0),
  until(0x40023808, 0xc, 0),
  change(0x40023c00, 0x70f, 0),
];

interface Nucleo {
  readonly interrupt: number;
  readonly clock: readonly RegisterStep[];
  /** Registers and bits that give port and UART their clocks. */
  readonly enabled: readonly (readonly [register: number, bit: number])[];
  readonly gpio: number;
  readonly pins: readonly Pin[];
  readonly firmwareBytes: number;
  readonly memory: SlotMemory;
}

/** The internal oscillator's 16 MHz for core and UART. */
function nucleo({ interrupt, clock, enabled, gpio, pins, firmwareBytes, memory }: Nucleo): Wiring {
  const start = [...clock, ...enabled.flatMap((bit) => enable(...bit)), ...pins.flatMap((pin) => alternate(gpio, pin))];
  return { interrupt, resetClockHz: 16 * MHz, start, firmware: { origin: ORIGIN, bytes: firmwareBytes }, memory };
}

interface F4 {
  readonly interrupt: number;
  /** Bit of the UART in RCC_APB1ENR. */
  readonly uart: number;
  /** 0: GPIOA, 1: GPIOB …; its bit in RCC_AHB1ENR, too. */
  readonly port: number;
  readonly pins: readonly Pin[];
  readonly firmwareBytes: number;
  readonly slotBytes: number;
  readonly slotOrigins: readonly [number, number];
}

function f4({ interrupt, uart, port, pins, firmwareBytes, slotBytes, slotOrigins }: F4): Wiring {
  return nucleo({
    interrupt,
    clock: f4Clock,
    enabled: [
      [0x40023830, port],
      [0x40023840, uart],
    ],
    gpio: 0x40020000 + port * 0x400,
    pins,
    firmwareBytes,
    memory: slotMemory({ driver: 'stm32f4', writeBytes: 4 }, slotBytes, slotOrigins),
  });
}

/** USART2 on PA2 and PA3. The firmware has the four sectors of 16 KB, a slot those of 64 and 128 KB, the other the next of 128 KB. */
const f4With512KB = f4({
  interrupt: 38,
  uart: 17,
  port: 0,
  pins: [
    { pin: 2, af: 7 },
    { pin: 3, af: 7 },
  ],
  firmwareBytes: 64 * KB,
  slotBytes: 192 * KB,
  slotOrigins: [64 * KB, 256 * KB],
});

export const stm32f4Wirings: Readonly<Record<string, Wiring>> = {
  'nucleo-f401re': f4With512KB,
  'nucleo-f411re': f4With512KB,
  'nucleo-f446re': f4With512KB,
  // USART3 on PD8 and PD9; a slot in each bank, of its sectors of 128 KB.
  'nucleo-f429zi': f4({
    interrupt: 39,
    uart: 18,
    port: 3,
    pins: [
      { pin: 8, af: 7 },
      { pin: 9, af: 7 },
    ],
    firmwareBytes: 128 * KB,
    slotBytes: 896 * KB,
    slotOrigins: [128 * KB, (1024 + 128) * KB],
  }),
};

/** HSI16 with nothing divided, and for USART2 the clock of its bus: RCC_CR, RCC_CFGR, RCC_CCIPR; FLASH_ACR as on the F4. */
const l4Clock = [
  change(0x40021000, 0x100, 0x100),
  until(0x40021000, 0x400, 0x400),
  change(0x40021008, 0x3ff3, 1),
  until(0x40021008, 0xc, 4),
  change(0x40021088, 0xc, 0),
  change(0x40022000, 0x707, 0),
];

/** USART2 with TX on PA2; the firmware has 64 KB, the slots halves of the rest. */
function l4(rx: Pin, flashBytes: number): Wiring {
  const slotBytes = (flashBytes - 64 * KB) / 2;
  return nucleo({
    interrupt: 38,
    clock: l4Clock,
    // GPIOA in RCC_AHB2ENR, USART2 in RCC_APB1ENR1.
    enabled: [
      [0x4002104c, 0],
      [0x40021058, 17],
    ],
    gpio: 0x48000000,
    pins: [{ pin: 2, af: 7 }, rx],
    firmwareBytes: 64 * KB,
    memory: slotMemory({ driver: 'stm32l4', eraseBytes: 2 * KB, writeBytes: 8 }, slotBytes, [64 * KB, 64 * KB + slotBytes]),
  });
}

export const stm32l4Wirings: Readonly<Record<string, Wiring>> = {
  'nucleo-l432kc': l4({ pin: 15, af: 3 }, 256 * KB),
  'nucleo-l476rg': l4({ pin: 3, af: 7 }, 1024 * KB),
};
