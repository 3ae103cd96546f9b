/** Device qemu: an emulated board with the firmware monitor, built for it here, on a pseudo-terminal. */
import { UsageError } from '../../compiler/errors.ts';
import type { Board, Qemu } from '../../targets/boards/board.ts';
import { type Compiler, compilerOf } from '../../targets/boards/cores.ts';
import { boards } from '../../targets/boards/index.ts';
import type { BoardImage } from '../../targets/mcu/image.ts';
import type { Vocabulary } from '../../targets/mcu/vocabulary.ts';
import { findProgram } from '../child-process.ts';
import type { DeviceKind, DeviceOptions, FoundDevice } from '../device.ts';
import { type BoardConnection, BoardDevice } from '../serial/board-device.ts';
import { buildFirmware, compilerProgram, int8Opcodes } from '../serial/firmware-build.ts';
import { monitorVocabulary } from '../serial/firmware-source.ts';
import { Monitor } from '../serial/monitor.ts';
import { openPort } from '../serial/port.ts';
import { wirings } from '../serial/wiring.ts';
import { emulatorOf, Machine } from './machine.ts';
import { preloadOf } from './preload.ts';

export type EmulatedBoard = Board & { readonly qemu: Qemu };

/** The boards that QEMU emulates and the monitor knows. */
export const emulatedBoards: readonly EmulatedBoard[] = boards.filter(
  (board): board is EmulatedBoard => board.qemu !== undefined && wirings[board.name] !== undefined,
);

/** What has to be installed before the board can run. */
function missingPrograms({ qemu: { system }, core, fpu }: EmulatedBoard): string[] {
  const programs = [emulatorOf(system), compilerProgram(compilerOf(core, fpu) as Compiler)];
  return programs.filter((program) => !findProgram(program)).map(({ title, fix }) => `no ${title} found; install it (${fix})`);
}

class EmulatedConnection implements BoardConnection {
  readonly counts = 'instructions';
  readonly name: string;
  textBytes: number | undefined;
  private machine: Machine | undefined;
  private monitor: Monitor | undefined;

  constructor(
    private readonly board: EmulatedBoard,
    private readonly options: DeviceOptions,
  ) {
    this.name = `qemu:${board.name}`;
  }

  async connect(
    opcodes: readonly number[],
    kernels: 'model' | 'all',
    imageFor: (vocabulary: Vocabulary) => Promise<BoardImage>,
  ): Promise<Monitor> {
    await this.close();
    // One monitor serves every int8 model; float islands, and code sizes, want one of their own.
    const all = kernels === 'all' && opcodes.every((opcode) => int8Opcodes.includes(opcode));
    const firmware = await buildFirmware(this.board, all ? int8Opcodes : opcodes);
    this.textBytes = all ? undefined : firmware.textBytes;
    const preload = preloadOf(this.board, (await imageFor(monitorVocabulary(this.board))).bytes, this.options.preload);
    this.options.log?.(`${this.name}: ${firmware.elf}`);
    this.machine = await Machine.start(this.board, { elf: firmware.elf, preload });
    const wire = await openPort(this.machine.port, { timed: false });
    this.monitor = await Monitor.open(wire, { onText: (line) => this.options.log?.(`board: ${line}`) });
    return this.monitor;
  }

  async close(): Promise<void> {
    await this.monitor?.close();
    await this.machine?.kill();
    this.monitor = undefined;
    this.machine = undefined;
  }
}

export const qemu: DeviceKind = {
  name: 'qemu',
  argument: 'BOARD',
  async list() {
    return emulatedBoards.map((board): FoundDevice => {
      const { name, title, core, vocabulary } = board;
      const missing = missingPrograms(board);
      return {
        name: `qemu:${name}`,
        title,
        ready: missing.length === 0,
        ...(missing.length && { note: missing.join('; ') }),
        facts: { core, vocabulary, machine: board.qemu.machine },
      };
    });
  },
  async open(options, argument = '') {
    const board = emulatedBoards.find(({ name }) => name === argument);
    if (!board)
      throw new UsageError(
        `--on qemu:${argument}: no emulated board has this name; known are ${emulatedBoards.map(({ name }) => name).join(', ')}`,
      );
    return new BoardDevice(new EmulatedConnection(board, options), options);
  },
};
