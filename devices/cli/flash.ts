/** `whittle flash`: a model or a program into a board. */
import { InvalidArgumentError } from 'commander';
import { integerOption, type Verb } from '../../compiler/cli/program.ts';
import { facts } from '../../compiler/cli/table.ts';
import { boardNamed } from '../../targets/boards/index.ts';
import { type FlashReport, flash as flashBoard } from '../flash/flash.ts';
import { interruptible } from './interruptible.ts';

interface FlashOptions {
  readonly board: string;
  readonly port?: string;
  readonly baud?: number;
  readonly drive?: string;
  readonly via?: string;
  readonly address?: number;
  readonly output?: string;
  readonly start: boolean;
  readonly stub: boolean;
}

/** As people write addresses: 0x8000, 32768. */
function addressOption(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** 32) throw new InvalidArgumentError('expected an address, as 0x10000.');
  return value;
}

const verifications: Readonly<Record<string, string>> = {
  'read back': 'every byte was read back and is equal',
  checksum: 'the checksum that the board computed is right',
  restarted: 'the board took the whole file and restarted',
  file: 'the file on the drive is equal; the board has not restarted',
  tool: 'by the tool',
  false: 'nothing was flashed',
};

function text({ board, via, to, bytes, segments, verified, started }: FlashReport): string {
  return facts([
    ['board', board],
    [via === 'file' ? 'written' : 'flashed', `${bytes} bytes, ${via}: ${to}`],
    ...segments.map(({ address, bytes: count }): [string, string] => ['', `${address}  ${count} bytes`]),
    ['verified', verifications[String(verified)] as string],
    ['started', started ? 'yes' : 'no'],
  ]);
}

export const flash: Verb = (program, invocation) => {
  program
    .command('flash')
    .description('flash a board: its boot ROM on a serial port, its drive, or a debug probe; verified')
    .argument(
      '<what>',
      'a folder of whittle build --target mcu, a .whittle file, or a program (.elf, .hex, .uf2, .bin) or its build folder',
    )
    .requiredOption('--board <name>', 'the board')
    .option('--port <port>', 'serial port of its boot loader or firmware monitor; auto: the one that looks like the board')
    .option('--baud <rate>', 'bits per second', integerOption(1))
    .option('--drive <folder>', 'where its drive is mounted; default: found')
    .option(
      '--via <kind>',
      'stm32-uart, uf2, drive, esp, dfu, probe, one tool (openocd, probe-rs, pyocd, st-flash, dfu-util) or monitor; default: what is found',
    )
    .option('--address <address>', 'where a raw .bin belongs; default: where programs of the board begin', addressOption)
    .option('-o, --output <file>', 'write the file for its drive (UF2, or Intel HEX for a debug probe) instead of flashing')
    .option('--no-stub', 'ESP: flash by the boot ROM alone, without the faster stub in the RAM')
    .option('--no-start', 'do not start the program')
    .action(async (path: string, { board, ...options }: FlashOptions) => {
      const { output } = invocation;
      const report = await interruptible((signal) =>
        flashBoard({
          ...options,
          path,
          board: boardNamed(board),
          signal,
          progress: (label, done, total) => output.progress(label, done, total),
          log: (message) => output.detail(message),
        }),
      );
      output.report(report, () => text(report));
    });
};
