/** STM32U5: Cortex-M33 with FPU and DSP. */
import { type Board, KB, MB, MHz, type Uart } from './board.ts';
import { nucleoFlashers, stLinkV3 } from './stm32.ts';

const core = { core: 'cortex-m33', fpu: 'single', vocabulary: 'dsp' } as const;
const usart1: Uart = { name: 'USART1', driver: 'stm32-usart-v2', base: 0x40013800, tx: 'PA9', rx: 'PA10' };

export const stm32u5Boards: readonly Board[] = [
  {
    name: 'nucleo-u545re-q',
    title: 'ST Nucleo-U545RE-Q',
    chip: 'STM32U545RE',
    ...core,
    clockHz: 160 * MHz,
    flash: { origin: 0x08000000, bytes: 512 * KB },
    // SRAM1 and 2; 16 KB of SRAM4 lie elsewhere.
    ram: { origin: 0x20000000, bytes: 256 * KB },
    uart: usart1,
    flashers: nucleoFlashers('stm32u5x', 'STM32U545RETx', { productId: 0x455, sectorsKB: [8] }),
  },
  {
    name: 'nucleo-u575zi-q',
    title: 'ST Nucleo-U575ZI-Q',
    chip: 'STM32U575ZI',
    ...core,
    clockHz: 160 * MHz,
    flash: { origin: 0x08000000, bytes: 2 * MB },
    // SRAM1, 2 and 3; 16 KB of SRAM4 lie elsewhere.
    ram: { origin: 0x20000000, bytes: 768 * KB },
    uart: usart1,
    usb: [stLinkV3],
    flashers: nucleoFlashers('stm32u5x', 'STM32U575ZITxQ', { productId: 0x482, sectorsKB: [8] }),
  },
];
