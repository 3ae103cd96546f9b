/** The monitor on Nucleo boards with an STM32L4 or L4+ (RM0351, RM0394, RM0432). */
import { KB, MB } from '../../targets/boards/board.ts';
import type { SlotMemory, Wiring } from './wiring.ts';
import { change, halves, nucleo, type Pin, until } from './wiring-stm32.ts';

/**
 * HSI16 with nothing divided, and for USART2 and LPUART1 as it is: RCC_CR, RCC_CFGR, RCC_CCIPR; then FLASH_ACR without wait
 * states and caches, whatever a boot ROM left.
 */
const clock = [
  change(0x40021000, 0x100, 0x100),
  until(0x40021000, 0x400, 0x400),
  change(0x40021008, 0x3ff3, 1),
  until(0x40021008, 0xc, 4),
  change(0x40021088, 0xc0c, 0x808),
  change(0x40022000, 0x70f, 0),
];

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
    // PG2 to PG15 have a supply of their own, which is cut off until PWR_CR2.IOSV says that it is there: PWR in RCC_APB1ENR1,
    // IOSV, GPIOG in RCC_AHB2ENR, LPUART1 in RCC_APB1ENR2.
    enabled: [
      [0x40021058, 28],
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
