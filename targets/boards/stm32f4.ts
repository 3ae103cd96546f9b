/** STM32F4: Cortex-M4 with FPU and DSP. */
import { type Board, KB, MB, MHz, type Uart } from './board.ts';
import { nucleoFlashers, stLinkV21 } from './stm32.ts';

const core = { core: 'cortex-m4', fpu: 'single', vocabulary: 'dsp' } as const;
/** A bank of 1 MB. */
const f4SectorsKB = [16, 16, 16, 16, 64, 128, 128, 128, 128, 128, 128, 128];
/** Nucleo-64 wires it to the ST-LINK. */
const usart2: Uart = { name: 'USART2', driver: 'stm32-usart', base: 0x40004400, tx: 'PA2', rx: 'PA3' };
/** Nucleo-144 wires it to the ST-LINK. */
const usart3: Uart = { name: 'USART3', driver: 'stm32-usart', base: 0x40004800, tx: 'PD8', rx: 'PD9' };

export const stm32f4Boards: readonly Board[] = [
  {
    name: 'nucleo-f401re',
    title: 'ST Nucleo-F401RE',
    chip: 'STM32F401RE',
    ...core,
    clockHz: 84 * MHz,
    flash: { origin: 0x08000000, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 96 * KB },
    uart: usart2,
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32f4x', 'STM32F401RETx', { productId: 0x433, sectorsKB: f4SectorsKB }),
  },
  {
    name: 'nucleo-f411re',
    title: 'ST Nucleo-F411RE',
    chip: 'STM32F411RE',
    ...core,
    clockHz: 100 * MHz,
    flash: { origin: 0x08000000, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 128 * KB },
    uart: usart2,
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32f4x', 'STM32F411RETx', { productId: 0x431, sectorsKB: f4SectorsKB }),
  },
  {
    name: 'nucleo-f446re',
    title: 'ST Nucleo-F446RE',
    chip: 'STM32F446RE',
    ...core,
    clockHz: 180 * MHz,
    flash: { origin: 0x08000000, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 128 * KB },
    uart: usart2,
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32f4x', 'STM32F446RETx', { productId: 0x421, sectorsKB: f4SectorsKB }),
  },
  {
    name: 'nucleo-f429zi',
    title: 'ST Nucleo-F429ZI',
    chip: 'STM32F429ZI',
    ...core,
    clockHz: 180 * MHz,
    flash: { origin: 0x08000000, bytes: 2 * MB },
    // SRAM1, 2 and 3; 64 KB of CCM lie elsewhere.
    ram: { origin: 0x20000000, bytes: 192 * KB },
    uart: usart3,
    usb: [stLinkV21],
    flashers: nucleoFlashers('stm32f4x', 'STM32F429ZITx', { productId: 0x419, sectorsKB: f4SectorsKB }),
  },
  {
    name: 'netduinoplus2',
    title: 'Netduino Plus 2 in QEMU (STM32F405)',
    chip: 'STM32F405RG',
    ...core,
    clockHz: 168 * MHz,
    flash: { origin: 0x08000000, bytes: 1 * MB },
    ram: { origin: 0x20000000, bytes: 128 * KB },
    uart: { name: 'USART1', driver: 'stm32-usart', base: 0x40011000 },
    flashers: [],
    qemu: { system: 'qemu-system-arm', machine: 'netduinoplus2' },
  },
];
