/** Emulated boards with the monitor for tests: started, and ended after each test. */
import { afterEach } from 'vitest';
import { Machine, type MachineOptions } from '../../../devices/qemu/machine.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import { openPort } from '../../../devices/serial/port.ts';
import type { Wire } from '../../../devices/serial/wire.ts';
import type { Board, Qemu } from '../../../targets/boards/board.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';

export type EmulatedBoard = Board & { readonly qemu: Qemu };

const compilers = { 'qemu-system-arm': 'arm-none-eabi-gcc', 'qemu-system-riscv32': 'riscv64-unknown-elf-gcc' } as const;

/** Whether this machine can build for the board and emulate it. */
export function canEmulate(name: string): boolean {
  const { system } = (boardNamed(name) as EmulatedBoard).qemu;
  return requireTool(system) && requireTool(compilers[system]);
}

export interface Started {
  readonly board: EmulatedBoard;
  readonly machine: Machine;
  readonly wire: Wire;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** @param opcodes of the kernels in the firmware */
export async function startBoard(
  name: string,
  opcodes: readonly number[] = [],
  options: Omit<MachineOptions, 'elf'> = {},
): Promise<Started> {
  const board = boardNamed(name) as EmulatedBoard;
  const { elf } = await buildFirmware(board, opcodes);
  const machine = await Machine.start(board, { elf, ...options });
  closers.push(() => machine.kill());
  const wire = await openPort(machine.port, { timed: false });
  closers.push(() => wire.close());
  return { board, machine, wire };
}
