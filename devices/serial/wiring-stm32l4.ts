/** The monitor on Nucleo boards with an STM32L4 or L4+ (RM0351, RM0394, RM0432). */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import { change, until } from './register-steps.ts';
import type { SlotMemory, Wiring } from './wiring.ts';
import { type Clock, enable, halves, nucleo, type Pin } from './wiring-stm32.ts';

/**
 * HSI16 first, whatever a boot ROM left: RCC_CR, RCC_CFGR. Then voltage range 1 (PWR_CR1, PWR_SR2) and the PLL: 16 MHz times 10
 * divided by 2 (RCC_PLLCFGR); the L4+ could go to 120 MHz, in a mode that has to be entered slowly. FLASH_ACR gets its wait states
 * and the caches, emptied, before the switch. HSI16 is the clock of USART2 and LPUART1 (RCC_CCIPR).
 */
const clock: Clock = {
  coreHz: 80 * MHz,
  uartHz: 16 * MHz,
  steps: [
    change(0x40021000, 0, 1 << 8),
    until(0x40021000, 1 << 10, 1 << 10),
    change(0x40021008, 0x3ff3, 1),
    until(0x40021008, 0xc, 4),
    change(0x40021000, 1 << 24, 0),
    until(0x40021000, 1 << 25, 0),
    ...enable(0x40021058, 28),
    change(0x40007000, 0x600, 0x200),
    until(0x40007014, 1 << 10, 0),
    change(0x4002100c, 0x07117ff3, 2 | (10 << 8) | (1 << 24)),
    change(0x40021000, 0, 1 << 24),
    until(0x40021000, 1 << 25, 1 << 25),
    change(0x40022000, 0x70f, 4),
    change(0x40022000, 0, 0x1800),
    change(0x40022000, 0x1800, 0),
    change(0x40022000, 0, 0x600),
    until(0x40022000, 0xf, 4),
    change(0x40021008, 3, 3),
    until(0x40021008, 0xc, 0xc),
    change(0x40021088, 0xc0c, 0x808),
  ],
};

function pages(eraseBytes: number, bankBytes: number): Omit<SlotMemory, 'persistent' | 'slots'> {
  return { driver: 'stm32l4', eraseBytes, bankBytes, writeBytes: 8 };
}

/** USART2 with TX on PA2. */
function l4(rx: Pin, flashBytes: number, bankBytes: number): Wiring {
  return nucleo({
    interrupt: 38,
    clock,
    // GPIOA in RCC_AHB2ENR, USART2 in RCC_APB1ENR1.
    enabled: [
      [0x4002104c, 0],
      [0x40021058, 17],
    ],
    gpio: 0x48000000,
    pins: [{ pin: 2, af: 7 }, rx],
    places: halves(flashBytes, 64 * KB),
    memory: pages(2 * KB, bankBytes),
  });
}

export const stm32l4Wirings: Readonly<Record<string, Wiring>> = {
  // One bank.
  'nucleo-l432kc': l4({ pin: 15, af: 3 }, 256 * KB, 256 * KB),
  'nucleo-l476rg': l4({ pin: 3, af: 7 }, 1 * MB, 512 * KB),
  // LPUART1 on PG7 and PG8; two banks with pages of 4 KB, as the option byte DBANK comes from the factory.
  'nucleo-l4r5zi': nucleo({
    interrupt: 70,
    clock,
    // PG2 to PG15 have a supply of their own, which is cut off until PWR_CR2.IOSV says that it is there; GPIOG in RCC_AHB2ENR,
    // LPUART1 in RCC_APB1ENR2.
    enabled: [
      [0x40007004, 9],
      [0x4002104c, 6],
      [0x4002105c, 0],
    ],
    gpio: 0x48001800,
    pins: [
      { pin: 7, af: 8 },
      { pin: 8, af: 8 },
    ],
    places: halves(2 * MB, 64 * KB),
    memory: pages(4 * KB, 1 * MB),
  }),
};
