/** The monitor on Nucleo boards with an STM32H7 (RM0433 of the H743, RM0468 of the H723). */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import { change, until } from './register-steps.ts';
import type { Wiring } from './wiring.ts';
import { type Clock, nucleo, type SlotPlaces } from './wiring-stm32.ts';

/**
 * HSI first, whatever a boot ROM left: RCC_CR, RCC_CFGR. Then the highest voltage without overdrive and boost (VOS1 of PWR_D3CR), with
 * which both chips run at 400 MHz, and the PLL: 64 MHz / 4 times 50 divided by 2 (RCC_PLLCKSELR, RCC_PLLCFGR, RCC_PLL1DIVR). Buses
 * have half of it, peripherals a quarter (RCC_D1CFGR, RCC_D2CFGR, RCC_D3CFGR); FLASH_ACR gets two wait states and the delay that
 * goes with them before the switch. HSI is the clock of USART3 (RCC_D2CCIP2R).
 */
const clock: Clock = {
  coreHz: 400 * MHz,
  uartHz: 64 * MHz,
  steps: [
    change(0x58024400, 0x18, 1),
    until(0x58024400, 4, 4),
    change(0x58024410, 7, 0),
    until(0x58024410, 0x38, 0),
    change(0x58024400, 1 << 24, 0),
    until(0x58024400, 1 << 25, 0),
    change(0x58024818, 0xc000, 0xc000),
    until(0x58024818, 1 << 13, 1 << 13),
    change(0x58024428, 0x3f3, 4 << 4),
    change(0x5802442c, 0x7000f, (3 << 2) | (1 << 16)),
    change(0x58024430, 0x7f7fffff, 49 | (1 << 9) | (1 << 16) | (1 << 24)),
    change(0x58024400, 0, 1 << 24),
    until(0x58024400, 1 << 25, 1 << 25),
    change(0x58024418, 0xf7f, 0x48),
    change(0x5802441c, 0x770, 0x440),
    change(0x58024420, 0x70, 0x40),
    change(0x52002000, 0x3f, 0x22),
    until(0x52002000, 0x3f, 0x22),
    change(0x58024410, 7, 3),
    until(0x58024410, 0x38, 0x18),
    change(0x58024454, 7, 3),
  ],
};

/** After power-on the core runs but may not write to RAM (Run*) until PWR_CR3 is written: the LDO, and the voltage is there (PWR_CSR1). */
const power = [change(0x5802480c, 0, 2), until(0x58024804, 0x2000, 0x2000)];

/** USART3 on PD8 and PD9; sectors of 128 KB in banks of 1 MB, the first one for the firmware. */
function h7(places: SlotPlaces): Wiring {
  const wiring = nucleo({
    interrupt: 39,
    clock,
    // GPIOD in RCC_AHB4ENR, USART3 in RCC_APB1LENR.
    enabled: [
      [0x580244e0, 3],
      [0x580244e8, 18],
    ],
    gpio: 0x58020c00,
    pins: [
      { pin: 8, af: 7 },
      { pin: 9, af: 7 },
    ],
    places,
    memory: { driver: 'stm32h7', eraseBytes: 128 * KB, bankBytes: 1 * MB, writeBytes: 32 },
  });
  return { ...wiring, power, caches: true };
}

export const stm32h7Wirings: Readonly<Record<string, Wiring>> = {
  // A slot in each bank.
  'nucleo-h743zi2': h7({ firmwareBytes: 128 * KB, slotBytes: 896 * KB, slotOrigins: [128 * KB, (1024 + 128) * KB] }),
  // One bank: the core waits while it is erased. Three sectors for each slot, the last one is left.
  'nucleo-h723zg': h7({ firmwareBytes: 128 * KB, slotBytes: 384 * KB, slotOrigins: [128 * KB, 512 * KB] }),
};
