/** The monitor on Nucleo boards with an STM32U5 (RM0456), TrustZone off, as the option byte TZEN comes from the factory. */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import { change, until } from './register-steps.ts';
import type { Wiring } from './wiring.ts';
import { type Clock, enable, halves, nucleo } from './wiring-stm32.ts';

/**
 * HSI16 first, whatever a boot ROM left, with voltage range 1, as the reset's range 4 is none for writing the flash: PWR in
 * RCC_AHB3ENR, PWR_VOSR, RCC_CR, RCC_CFGR1, RCC_CFGR2. Then the PLL: 16 MHz times 20 divided by 2 (RCC_PLL1CFGR, RCC_PLL1DIVR);
 * above 55 MHz the regulator's booster has to run, from the PLL's source, before the PLL does. FLASH_ACR gets its wait states and
 * the prefetch, ICACHE, emptied, is turned on. HSI16 is the clock of USART1 (RCC_CCIPR1).
 */
const clock: Clock = {
  coreHz: 160 * MHz,
  uartHz: 16 * MHz,
  steps: [
    ...enable(0x46020c94, 2),
    change(0x4602080c, 0x30000, 0x30000),
    until(0x4602080c, 1 << 15, 1 << 15),
    change(0x46020c00, 0, 1 << 8),
    until(0x46020c00, 1 << 10, 1 << 10),
    change(0x46020c1c, 3, 1),
    until(0x46020c1c, 0xc, 4),
    change(0x46020c20, 0x77f, 0),
    change(0x46020c00, 1 << 24, 0),
    until(0x46020c00, 1 << 25, 0),
    change(0x4602080c, 1 << 18, 0),
    until(0x4602080c, 1 << 14, 0),
    change(0x46020c28, 0x7ff1f, 2 | (3 << 2) | (1 << 18)),
    change(0x46020c34, 0x7f7fffff, 19 | (1 << 9) | (1 << 16) | (1 << 24)),
    change(0x4602080c, 0, 1 << 18),
    until(0x4602080c, 1 << 14, 1 << 14),
    change(0x46020c00, 0, 1 << 24),
    until(0x46020c00, 1 << 25, 1 << 25),
    change(0x40022000, 0x10f, 0x104),
    until(0x40022000, 0xf, 4),
    change(0x46020c1c, 3, 3),
    until(0x46020c1c, 0xc, 0xc),
    change(0x40030400, 1, 0),
    until(0x40030400, 1, 0),
    change(0x40030400, 0, 2),
    until(0x40030404, 1, 0),
    change(0x40030400, 0, 1),
    change(0x46020ce0, 3, 2),
  ],
};

/** USART1 on PA9 and PA10; two banks of equal size. */
function u5(flashBytes: number): Wiring {
  return nucleo({
    interrupt: 61,
    clock,
    // GPIOA in RCC_AHB2ENR1, USART1 in RCC_APB2ENR.
    enabled: [
      [0x46020c8c, 0],
      [0x46020ca4, 14],
    ],
    gpio: 0x42020000,
    pins: [
      { pin: 9, af: 7 },
      { pin: 10, af: 7 },
    ],
    places: halves(flashBytes, 64 * KB),
    memory: { driver: 'stm32u5', eraseBytes: 8 * KB, bankBytes: flashBytes / 2, writeBytes: 16 },
  });
}

export const stm32u5Wirings: Readonly<Record<string, Wiring>> = {
  'nucleo-u545re-q': u5(512 * KB),
  'nucleo-u575zi-q': u5(2 * MB),
};
