/** The monitor on Nucleo boards with an STM32U5 (RM0456), TrustZone off, as the option byte TZEN comes from the factory. */
import { KB, MB } from '../../targets/boards/board.ts';
import type { Wiring } from './wiring.ts';
import { change, halves, nucleo, until } from './wiring-stm32.ts';

/**
 * Voltage range 1, as the reset's range 4 is none for writing the flash: PWR in RCC_AHB3ENR, PWR_VOSR. HSI16 with nothing
 * divided, and for USART1 as it is: RCC_CR, RCC_CFGR1, RCC_CFGR2, RCC_CCIPR1. Then FLASH_ACR without wait states and ICACHE_CR
 * without the cache, whatever a boot ROM left.
 */
const clock = [
  change(0x46020c94, 4, 4),
  until(0x46020c94, 4, 4),
  change(0x4602080c, 0x30000, 0x30000),
  until(0x4602080c, 0x8000, 0x8000),
  change(0x46020c00, 0x100, 0x100),
  until(0x46020c00, 0x400, 0x400),
  change(0x46020c1c, 3, 1),
  until(0x46020c1c, 0xc, 4),
  change(0x46020c20, 0x77f, 0),
  change(0x46020ce0, 3, 2),
  change(0x40022000, 0x10f, 0),
  change(0x40030400, 1, 0),
];

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
