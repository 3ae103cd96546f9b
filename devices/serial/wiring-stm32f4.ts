/** The monitor on Nucleo boards with an STM32F4 (RM0090, RM0368, RM0383, RM0390). */
import { KB, MHz } from '../../targets/boards/board.ts';
import { change, until } from './register-steps.ts';
import type { Wiring } from './wiring.ts';
import { type Clock, enable, nucleo, type Pin, type SlotPlaces } from './wiring-stm32.ts';

/** What the chips differ in: the voltage scale (PWR_CR.VOS), and how the PLL's 2 MHz become the clocks. */
interface F4Clock {
  readonly coreHz: number;
  readonly voltage: 2 | 3;
  readonly n: number;
  readonly p: 2 | 4;
  /** Bus clocks are the core's divided by 2 to this power. */
  readonly apb1Shift: 1 | 2;
  readonly apb2Shift: 0 | 1;
  readonly latency: number;
  /** Above 168 MHz. */
  readonly overdrive?: true;
}

/** A prescaler's field: 0, or 4 for 2, 5 for 4 … */
const prescaler = (shift: number) => (shift === 0 ? 0 : 3 + shift);

/**
 * HSI first, whatever a boot ROM left: RCC_CR, RCC_CFGR. Then the voltage (PWR_CR, PWR_CSR) and the PLL from HSI / 8, its unused
 * output the slowest: RCC_PLLCFGR. FLASH_ACR gets its wait states, and the prefetch and the caches, emptied, before the switch.
 */
function f4Clock({ coreHz, voltage, n, p, apb1Shift, apb2Shift, latency, overdrive }: F4Clock): Clock {
  const steps = [
    change(0x40023800, 0, 1),
    until(0x40023800, 2, 2),
    change(0x40023808, 3, 0),
    until(0x40023808, 0xc, 0),
    change(0x40023800, 1 << 24, 0),
    until(0x40023800, 1 << 25, 0),
    ...enable(0x40023840, 28),
    change(0x40007000, 0xc000, voltage << 14),
    change(0x40023804, 0x0f437fff, 8 | (n << 6) | ((p / 2 - 1) << 16) | (15 << 24)),
    change(0x40023800, 0, 1 << 24),
    until(0x40023800, 1 << 25, 1 << 25),
    until(0x40007004, 1 << 14, 1 << 14),
    ...(overdrive ? [...both(0x40007000, 0x40007004, 16), ...both(0x40007000, 0x40007004, 17)] : []),
    change(0x40023c00, 0x70f, latency),
    change(0x40023c00, 0, 0x1800),
    change(0x40023c00, 0x1800, 0),
    change(0x40023c00, 0, 0x700),
    until(0x40023c00, 0xf, latency),
    change(0x40023808, 0xfcf0, (prescaler(apb1Shift) << 10) | (prescaler(apb2Shift) << 13)),
    change(0x40023808, 3, 2),
    until(0x40023808, 0xc, 8),
  ];
  return { coreHz, uartHz: coreHz >> apb1Shift, steps };
}

/** A bit that another register's answers. */
const both = (register: number, answer: number, bit: number) => [change(register, 0, 1 << bit), until(answer, 1 << bit, 1 << bit)];

const f401Clock = f4Clock({ coreHz: 84 * MHz, voltage: 2, n: 168, p: 4, apb1Shift: 1, apb2Shift: 0, latency: 2 });
const f411Clock = f4Clock({ coreHz: 100 * MHz, voltage: 3, n: 200, p: 4, apb1Shift: 1, apb2Shift: 0, latency: 3 });
const f446Clock = f4Clock({ coreHz: 180 * MHz, voltage: 3, n: 180, p: 2, apb1Shift: 2, apb2Shift: 1, latency: 5, overdrive: true });

interface F4 {
  readonly clock: Clock;
  readonly interrupt: number;
  /** Bit of the UART in RCC_APB1ENR. */
  readonly uart: number;
  /** 0: GPIOA, 1: GPIOB …; its bit in RCC_AHB1ENR, too. */
  readonly port: number;
  readonly pins: readonly Pin[];
  readonly places: SlotPlaces;
}

function f4({ clock, interrupt, uart, port, pins, places }: F4): Wiring {
  return nucleo({
    interrupt,
    clock,
    enabled: [
      [0x40023830, port],
      [0x40023840, uart],
    ],
    gpio: 0x40020000 + port * 0x400,
    pins,
    places,
    memory: { driver: 'stm32f4', writeBytes: 4 },
  });
}

/** USART2 on PA2 and PA3. The firmware has the four sectors of 16 KB, a slot those of 64 and 128 KB, the other the next of 128 KB. */
const f4With512KB = (clock: Clock) =>
  f4({
    clock,
    interrupt: 38,
    uart: 17,
    port: 0,
    pins: [
      { pin: 2, af: 7 },
      { pin: 3, af: 7 },
    ],
    places: { firmwareBytes: 64 * KB, slotBytes: 192 * KB, slotOrigins: [64 * KB, 256 * KB] },
  });

export const stm32f4Wirings: Readonly<Record<string, Wiring>> = {
  'nucleo-f401re': f4With512KB(f401Clock),
  'nucleo-f411re': f4With512KB(f411Clock),
  'nucleo-f446re': f4With512KB(f446Clock),
  // USART3 on PD8 and PD9; a slot in each bank, of its sectors of 128 KB.
  'nucleo-f429zi': f4({
    clock: f446Clock,
    interrupt: 39,
    uart: 18,
    port: 3,
    pins: [
      { pin: 8, af: 7 },
      { pin: 9, af: 7 },
    ],
    places: { firmwareBytes: 128 * KB, slotBytes: 896 * KB, slotOrigins: [128 * KB, (1024 + 128) * KB] },
  }),
};
