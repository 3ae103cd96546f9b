/** Raspberry Pi RP2040 (two Cortex-M0+) and RP2350 (two Cortex-M33); one core is used. Flash is a chip of its own, executed in place. */
import { type Board, KB, MB, MHz } from './board.ts';

const flashOrigin = 0x10000000;

export const rp2Boards: readonly Board[] = [
  {
    name: 'pico',
    title: 'Raspberry Pi Pico (RP2040)',
    chip: 'RP2040',
    core: 'cortex-m0plus',
    fpu: 'none',
    vocabulary: 'scalar',
    clockHz: 133 * MHz,
    flash: { origin: flashOrigin, bytes: 2 * MB },
    ram: { origin: 0x20000000, bytes: 264 * KB },
    uart: { name: 'UART0', driver: 'pl011', base: 0x40034000, tx: 'GP0', rx: 'GP1' },
    usb: [{ vendorId: 0x2e8a, productId: 0x0003, of: 'bootloader' }],
    flashers: [
      // RP2040-E14: of sixteen blocks that follow each other only the first one's sector is erased.
      { kind: 'uf2', familyId: 0xe48bff56, boardId: 'RPI-RP2', origin: flashOrigin, sectorBytes: 4 * KB },
      { kind: 'probe', openocd: ['interface/cmsis-dap.cfg', 'target/rp2040.cfg'], pyocd: 'rp2040', probeRs: 'RP2040' },
    ],
  },
  {
    name: 'pico2',
    title: 'Raspberry Pi Pico 2 (RP2350)',
    chip: 'RP2350',
    core: 'cortex-m33',
    fpu: 'single',
    vocabulary: 'dsp',
    clockHz: 150 * MHz,
    flash: { origin: flashOrigin, bytes: 4 * MB },
    ram: { origin: 0x20000000, bytes: 520 * KB },
    uart: { name: 'UART0', driver: 'pl011', base: 0x40070000, tx: 'GP0', rx: 'GP1' },
    usb: [{ vendorId: 0x2e8a, productId: 0x000f, of: 'bootloader' }],
    flashers: [
      { kind: 'uf2', familyId: 0xe48bff59, boardId: 'RP2350', origin: flashOrigin },
      { kind: 'probe', openocd: ['interface/cmsis-dap.cfg', 'target/rp2350.cfg'], probeRs: 'RP235x' },
    ],
  },
];
