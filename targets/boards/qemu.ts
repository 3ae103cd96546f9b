/** Machines that exist in QEMU: Arm's MPS2 and MPS3 FPGA boards, and RISC-V virt. "Flash" is the memory that their images run from. */
import { type Board, KB, MB, MHz } from './board.ts';

const mps2 = {
  clockHz: 25 * MHz,
  flash: { origin: 0, bytes: 4 * MB },
  ram: { origin: 0x20000000, bytes: 4 * MB },
  uart: { name: 'UART0', driver: 'cmsdk', base: 0x40004000 },
  flashers: [],
} as const;

const arm = (machine: string) => ({ system: 'qemu-system-arm', machine }) as const;

export const qemuBoards: readonly Board[] = [
  {
    name: 'mps2-an385',
    title: 'Arm MPS2 AN385 in QEMU (Cortex-M3)',
    chip: 'AN385',
    core: 'cortex-m3',
    fpu: 'none',
    vocabulary: 'scalar',
    ...mps2,
    qemu: arm('mps2-an385'),
  },
  {
    name: 'mps2-an386',
    title: 'Arm MPS2 AN386 in QEMU (Cortex-M4)',
    chip: 'AN386',
    core: 'cortex-m4',
    fpu: 'single',
    vocabulary: 'dsp',
    ...mps2,
    qemu: arm('mps2-an386'),
  },
  {
    name: 'mps2-an500',
    title: 'Arm MPS2 AN500 in QEMU (Cortex-M7)',
    chip: 'AN500',
    core: 'cortex-m7',
    fpu: 'double',
    vocabulary: 'dsp',
    ...mps2,
    qemu: arm('mps2-an500'),
  },
  {
    name: 'mps2-an505',
    title: 'Arm MPS2 AN505 in QEMU (Cortex-M33)',
    chip: 'AN505',
    core: 'cortex-m33',
    fpu: 'single',
    vocabulary: 'dsp',
    clockHz: 20 * MHz,
    // The secure aliases of SSRAM1 and of SSRAM2 and 3.
    flash: { origin: 0x10000000, bytes: 4 * MB },
    ram: { origin: 0x38000000, bytes: 4 * MB },
    uart: { name: 'UART0', driver: 'cmsdk', base: 0x50200000 },
    flashers: [],
    qemu: arm('mps2-an505'),
  },
  {
    name: 'mps3-an547',
    title: 'Arm MPS3 AN547 in QEMU (Cortex-M55)',
    chip: 'AN547',
    core: 'cortex-m55',
    fpu: 'double',
    vocabulary: 'mve',
    clockHz: 32 * MHz,
    // ITCM and DTCM.
    flash: { origin: 0, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 512 * KB },
    uart: { name: 'UART0', driver: 'cmsdk', base: 0x49303000 },
    flashers: [],
    qemu: arm('mps3-an547'),
  },
  {
    name: 'virt-rv32',
    title: 'RISC-V virt in QEMU (RV32)',
    chip: 'virt',
    core: 'rv32imc',
    fpu: 'none',
    vocabulary: 'scalar',
    clockHz: 10 * MHz,
    flash: { origin: 0x80000000, bytes: 4 * MB },
    ram: { origin: 0x80400000, bytes: 4 * MB },
    uart: { name: 'UART0', driver: 'ns16550', base: 0x10000000 },
    flashers: [],
    qemu: { system: 'qemu-system-riscv32', machine: 'virt' },
  },
];
