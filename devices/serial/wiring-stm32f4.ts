/** The monitor on Nucleo boards with an STM32F4 (RM0090, RM0368, RM0383, RM0390). */
import { KB } from '../../targets/boards/board.ts';
import type { Wiring } from './wiring.ts';
import { change, nucleo, type Pin, type SlotPlaces, until } from './wiring-stm32.ts';

/** HSI with nothing divided: RCC_CR, RCC_CFGR; then FLASH_ACR without wait states and caches, whatever a boot ROM left. */
const clock = [
  change(0x40023800, 0, 1),
  until(0x40023800, 2, 2),
  change(0x40023808, 0xfcf3, 0),
  until(0x40023808, 0xc, 0),
  change(0x40023c00, 0x70f, 0),
];

interface F4 {
  readonly interrupt: number;
  /** Bit of the UART in RCC_APB1ENR. */
  readonly uart: number;
  /** 0: GPIOA, 1: GPIOB …; its bit in RCC_AHB1ENR, too. */
  readonly port: number;
  readonly pins: readonly Pin[];
  readonly places: SlotPlaces;
}

function f4({ interrupt, uart, port, pins, places }: F4): Wiring {
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
const f4With512KB = f4({
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
    places: { firmwareBytes: 128 * KB, slotBytes: 896 * KB, slotOrigins: [128 * KB, (1024 + 128) * KB] },
  }),
};
