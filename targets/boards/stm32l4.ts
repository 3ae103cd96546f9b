/** STM32L4 and L4+: Cortex-M4 with FPU and DSP, for batteries. */
import { type Board, KB, MB, MHz } from './board.ts';
import { nucleoFlashers, stLinkV21 } from './stm32.ts';

const core = { core: 'cortex-m4', fpu: 'single', vocabulary: 'dsp' } as const;

export const stm32l4Boards: readonly Board[] = [
  {
    name: 'nucleo-l432kc',
    title: 'ST Nucleo-L432KC',
    chip: 'STM32L432KC',
    ...core,
    clockHz: 80 * MHz,
    flash: { origin: 0x08000000, bytes: 256 * KB },
    // SRAM2 is also seen right behind SRAM1.
    ram: { origin: 0x20000000, bytes: 64 * KB },
    uart: { name: 'USART2', driver: 'stm32-usart-v2', base: 0x40004400, tx: 'PA2', rx: 'PA15' },
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32l4x', 'STM32L432KCUx', { productId: 0x435, sectorsKB: [2] }),
  },
  {
    name: 'nucleo-l476rg',
    title: 'ST Nucleo-L476RG',
    chip: 'STM32L476RG',
    ...core,
    clockHz: 80 * MHz,
    flash: { origin: 0x08000000, bytes: 1 * MB },
    // SRAM1; 32 KB of SRAM2 lie elsewhere.
    ram: { origin: 0x20000000, bytes: 96 * KB },
    uart: { name: 'USART2', driver: 'stm32-usart-v2', base: 0x40004400, tx: 'PA2', rx: 'PA3' },
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32l4x', 'STM32L476RGTx', { productId: 0x415, sectorsKB: [2] }),
  },
  {
    name: 'nucleo-l4r5zi',
    title: 'ST Nucleo-L4R5ZI',
    chip: 'STM32L4R5ZI',
    ...core,
    clockHz: 120 * MHz,
    flash: { origin: 0x08000000, bytes: 2 * MB },
    ram: { origin: 0x20000000, bytes: 640 * KB },
    uart: { name: 'LPUART1', driver: 'stm32-lpuart', base: 0x40008000, tx: 'PG7', rx: 'PG8' },
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32l4x', 'STM32L4R5ZITx', { productId: 0x470, sectorsKB: [4] }),
  },
];
