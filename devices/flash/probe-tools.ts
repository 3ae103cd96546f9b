/** Other people's tools for debug probes and for USB DFU: what is called with what, as data. Whittle gives them files and reads back. */
import type { Flasher } from '../../targets/boards/board.ts';
import type { Program } from '../child-process.ts';

/** A segment in the files that the tools read and write. */
export interface SegmentFiles {
  readonly address: number;
  readonly bytes: number;
  readonly bin: string;
  /** Does not exist before it is read back. */
  readonly readBack: string;
}

export interface Job {
  /** All segments as Intel HEX. */
  readonly hex: string;
  readonly segments: readonly SegmentFiles[];
  readonly start: boolean;
}

export interface Step {
  readonly arguments: readonly string[];
  /** What the step reads back, for whittle to compare. */
  readonly readsBack?: SegmentFiles;
}

export interface Tool {
  readonly name: string;
  readonly program: Program;
  /** Whether it compares what it wrote with what it reads back, by itself. */
  readonly verifies: boolean;
  /** undefined: it cannot flash this board, or nobody has looked up how. */
  readonly steps: (flasher: Flasher, job: Job) => readonly Step[] | undefined;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function program(name: string, fix: string): Program {
  return { title: name, names: [name], variable: `WHITTLE_${name.toUpperCase().replaceAll('-', '_')}`, fix };
}

const openocd: Tool = {
  name: 'openocd',
  program: program('openocd', 'Debian, Ubuntu: apt-get install openocd'),
  verifies: true,
  steps(flasher, { hex: file, segments, start }) {
    if (flasher.kind !== 'probe' || !flasher.openocd) return undefined;
    const configuration = flasher.openocd.flatMap((word) => [word.endsWith('.cfg') ? '-f' : '-c', word]);
    const end = start ? 'reset exit' : 'exit';
    // The flash of an ESP is not in the memory that a debugger sees; Espressif's OpenOCD has a command of its own.
    const commands = flasher.espFlash
      ? segments.map(({ bin, address }, i) => `program_esp {${bin}} ${hex(address)} verify${i === segments.length - 1 ? ` ${end}` : ''}`)
      : [`program {${file}} verify ${end}`];
    return [{ arguments: [...configuration, ...commands.flatMap((command) => ['-c', command])] }];
  },
};

const probeRs: Tool = {
  name: 'probe-rs',
  program: program('probe-rs', 'cargo install probe-rs-tools --locked, or the installer of https://probe.rs'),
  verifies: true,
  steps(flasher, { hex: file, segments, start }) {
    if (flasher.kind !== 'probe' || !flasher.probeRs) return undefined;
    const chip = ['--chip', flasher.probeRs];
    const files = flasher.espFlash
      ? segments.map(({ bin, address }) => ['--binary-format', 'bin', '--base-address', hex(address), bin])
      : [['--binary-format', 'hex', file]];
    const steps = files.map((words) => ({ arguments: ['download', '--non-interactive', '--verify', ...chip, ...words] }));
    return start ? [...steps, { arguments: ['reset', '--non-interactive', ...chip] }] : steps;
  },
};

const pyocd: Tool = {
  name: 'pyocd',
  program: program('pyocd', 'pipx install pyocd'),
  verifies: false,
  steps(flasher, { hex: file, segments, start }) {
    if (flasher.kind !== 'probe' || !flasher.pyocd) return undefined;
    const target = ['-t', flasher.pyocd];
    return [
      { arguments: ['load', ...target, '--no-reset', '--format', 'hex', file] },
      ...segments.map((segment) => ({
        arguments: ['commander', ...target, '-c', `savemem ${hex(segment.address)} ${segment.bytes} "${segment.readBack}"`],
        readsBack: segment,
      })),
      ...(start ? [{ arguments: ['reset', ...target] }] : []),
    ];
  },
};

const stFlash: Tool = {
  name: 'st-flash',
  program: program('st-flash', 'Debian, Ubuntu: apt-get install stlink-tools'),
  verifies: true,
  steps(flasher, { hex: file, start }) {
    if (flasher.kind !== 'probe' || !flasher.stlink) return undefined;
    return [{ arguments: ['--format', 'ihex', 'write', file] }, ...(start ? [{ arguments: ['reset'] }] : [])];
  },
};

const dfuUtil: Tool = {
  name: 'dfu-util',
  program: program('dfu-util', 'Debian, Ubuntu: apt-get install dfu-util'),
  verifies: false,
  steps(flasher, { segments, start }) {
    if (flasher.kind !== 'dfu') return undefined;
    const { vendorId, productId } = flasher.usb;
    const id = [vendorId, productId].map((number) => number.toString(16).padStart(4, '0')).join(':');
    // Setting 0 is the internal flash (AN3156).
    const device = ['-d', id, '-a', '0'];
    const first = segments[0]?.address ?? 0;
    return [
      ...segments.map(({ address, bin }) => ({ arguments: [...device, '-s', hex(address), '-D', bin] })),
      ...segments.map((segment) => ({
        arguments: [...device, '-s', `${hex(segment.address)}:${segment.bytes}`, '-U', segment.readBack],
        readsBack: segment,
      })),
      // Writing again is the only transfer that every version ends by leaving; what is written is the same.
      ...(start ? [{ arguments: [...device, '-s', `${hex(first)}:leave`, '-D', segments[0]?.bin ?? ''] }] : []),
    ];
  },
};

/** The preferred ones first. */
export const tools: readonly Tool[] = [openocd, probeRs, pyocd, stFlash, dfuUtil];
