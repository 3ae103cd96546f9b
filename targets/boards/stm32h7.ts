/** STM32H7: Cortex-M7 with double-precision FPU and DSP. */
import { type Board, KB, MB, MHz, type Uart } from './board.ts';
import { nucleoFlashers, stLinkV3 } from './stm32.ts';

const core = { core: 'cortex-m7', fpu: 'double', vocabulary: 'dsp' } as const;
const usart3: Uart = { name: 'USART3', driver: 'stm32-usart-v2', base: 0x40004800, tx: 'PD8', rx: 'PD9' };

export const stm32h7Boards: readonly Board[] = [
  {
    name: 'nucleo-h743zi2',
    title: 'ST Nucleo-H743ZI2',
    chip: 'STM32H743ZI',
    ...core,
    clockHz: 480 * MHz,
    flash: { origin: 0x08000000, bytes: 2 * MB },
    // AXI SRAM; 128 KB of DTCM and the SRAMs of the other domains lie elsewhere.
    ram: { origin: 0x24000000, bytes: 512 * KB },
    uart: usart3,
    usb: [stLinkV3],
    flashers: nucleoFlashers('stm32h7x', 'STM32H743ZITx', { productId: 0x450, sectorsKB: [128] }),
  },
  {
    name: 'nucleo-h723zg',
    title: 'ST Nucleo-H723ZG',
    chip: 'STM32H723ZG',
    ...core,
    clockHz: 550 * MHz,
    flash: { origin: 0x08000000, bytes: 1 * MB },
    // AXI SRAM with the block that it shares with ITCM, as the option bytes give it by default.
    ram: { origin: 0x24000000, bytes: 320 * KB },
    uart: usart3,
    usb: [stLinkV3],
    flashers: nucleoFlashers('stm32h7x', 'STM32H723ZGTx', { productId: 0x483, sectorsKB: [128] }),
  },
];
