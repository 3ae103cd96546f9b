/** Nordic nRF51 (Cortex-M0) and nRF52 (Cortex-M4 with FPU and DSP). */
import { type Board, KB, MB, MHz, type Uart } from './board.ts';

const nrf52 = { core: 'cortex-m4', fpu: 'single', vocabulary: 'dsp', clockHz: 64 * MHz } as const;
const uart0: Uart = { name: 'UART0', driver: 'nrf-uart', base: 0x40002000 };
const daplink = { vendorId: 0x0d28, productId: 0x0204, of: 'probe' } as const;

export const nrfBoards: readonly Board[] = [
  {
    name: 'nrf52840dk',
    title: 'Nordic nRF52840 DK',
    chip: 'nRF52840',
    ...nrf52,
    flash: { origin: 0, bytes: 1 * MB },
    ram: { origin: 0x20000000, bytes: 256 * KB },
    uart: { ...uart0, tx: 'P0.06', rx: 'P0.08' },
    usb: [{ vendorId: 0x1366, productId: 0x1015, of: 'probe' }],
    flashers: [
      {
        kind: 'probe',
        openocd: ['interface/jlink.cfg', 'transport select swd', 'target/nrf52.cfg'],
        pyocd: 'nrf52840',
        probeRs: 'nRF52840_xxAA',
      },
      { kind: 'drive' },
    ],
  },
  {
    name: 'feather-nrf52840',
    title: 'Adafruit Feather nRF52840 Express',
    chip: 'nRF52840',
    ...nrf52,
    flash: { origin: 0, bytes: 1 * MB },
    ram: { origin: 0x20000000, bytes: 256 * KB },
    uart: { ...uart0, tx: 'P0.25', rx: 'P0.24' },
    usb: [
      { vendorId: 0x239a, productId: 0x8029, of: 'board' },
      { vendorId: 0x239a, productId: 0x0029, of: 'bootloader' },
    ],
    // Behind SoftDevice S140 6.1.1, which the board is sold with; before the file system and the boot loader.
    flashers: [{ kind: 'uf2', familyId: 0xada52840, boardId: 'nRF52840', origin: 0x26000, bytes: 0xc7000 }],
  },
  {
    name: 'microbit-v2',
    title: 'BBC micro:bit v2 (nRF52833)',
    chip: 'nRF52833',
    ...nrf52,
    flash: { origin: 0, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 128 * KB },
    uart: { ...uart0, tx: 'P0.06', rx: 'P1.08' },
    usb: [daplink],
    flashers: [
      { kind: 'drive' },
      { kind: 'probe', openocd: ['interface/cmsis-dap.cfg', 'target/nrf52.cfg'], pyocd: 'nrf52833', probeRs: 'nRF52833_xxAA' },
    ],
  },
  {
    name: 'microbit',
    title: 'BBC micro:bit v1 (nRF51822), also in QEMU',
    chip: 'nRF51822',
    core: 'cortex-m0',
    fpu: 'none',
    vocabulary: 'scalar',
    clockHz: 16 * MHz,
    flash: { origin: 0, bytes: 256 * KB },
    ram: { origin: 0x20000000, bytes: 16 * KB },
    uart: { ...uart0, tx: 'P0.24', rx: 'P0.25' },
    usb: [daplink],
    flashers: [
      { kind: 'drive' },
      { kind: 'probe', openocd: ['interface/cmsis-dap.cfg', 'target/nrf51.cfg'], pyocd: 'nrf51', probeRs: 'nRF51822_xxAA' },
    ],
    qemu: { system: 'qemu-system-arm', machine: 'microbit' },
  },
];
