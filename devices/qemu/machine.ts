/** Starts QEMU with its serial port on a pseudo-terminal. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Board, Qemu } from '../../targets/boards/board.ts';
import { Child, type Program, requireProgram } from '../child-process.ts';

const programs: Readonly<Record<Qemu['system'], Program>> = {
  'qemu-system-arm': {
    title: 'QEMU for Arm',
    names: ['qemu-system-arm'],
    variable: 'WHITTLE_QEMU_ARM',
    fix: 'Debian, Ubuntu: apt-get install qemu-system-arm',
  },
  'qemu-system-riscv32': {
    title: 'QEMU for RISC-V',
    names: ['qemu-system-riscv32'],
    variable: 'WHITTLE_QEMU_RISCV32',
    fix: 'Debian, Ubuntu: apt-get install qemu-system-misc',
  },
};

export function emulatorOf(system: Qemu['system']): Program {
  return programs[system];
}

/** Bytes that lie in the machine's memory before it starts. */
export interface Preload {
  readonly address: number;
  readonly content: Uint8Array;
}

export interface MachineOptions {
  /** What the machine runs. */
  readonly elf: string;
  /** `pty` (default), or another serial port in QEMU's words. */
  readonly serial?: string;
  readonly preload?: Preload | undefined;
  readonly extraArguments?: readonly string[];
}

function loaderArguments(folder: string, preload: Preload | undefined): string[] {
  if (!preload) return [];
  const file = join(folder, 'preload.bin');
  writeFileSync(file, preload.content);
  return ['-device', `loader,file=${file},addr=0x${preload.address.toString(16)},force-raw=on`];
}

export class Machine {
  private constructor(
    private readonly child: Child,
    /** The pseudo-terminal of the board's serial port; empty where `serial` is something else. */
    readonly port: string,
  ) {}

  /**
   * Virtual time advances by one nanosecond per instruction.
   * @throws DeviceError when QEMU is not installed or does not start.
   */
  static async start(board: Board & { readonly qemu: Qemu }, options: MachineOptions): Promise<Machine> {
    const { elf, serial = 'pty', preload, extraArguments = [] } = options;
    const { system, machine } = board.qemu;
    const program = requireProgram(programs[system]);
    const bios = system === 'qemu-system-riscv32' ? ['-bios', 'none'] : [];
    const args = ['-M', machine, '-display', 'none', '-monitor', 'none', '-serial', serial, '-icount', 'shift=0', '-kernel', elf];
    const child = Child.start((folder) => [program, ...args, ...bios, ...loaderArguments(folder, preload), ...extraArguments]);
    if (serial !== 'pty') return new Machine(child, '');
    try {
      const [, port] = await child.waitForOutput(/redirected to (\S+)/, `QEMU (${machine})`);
      return new Machine(child, port as string);
    } catch (error) {
      await child.kill();
      throw error;
    }
  }

  /** Resolves when QEMU has ended, with how. */
  get ended(): Promise<string> {
    return this.child.ended;
  }

  /** Ends the machine as a power cut would. */
  kill(): Promise<void> {
    return this.child.kill();
  }
}
