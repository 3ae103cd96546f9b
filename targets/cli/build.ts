/** `whittle build`: packed model → a package that a user ships. */
import { InvalidArgumentError } from 'commander';
import { loadPacked } from '../../compiler/cli/model-file.ts';
import type { Verb } from '../../compiler/cli/program.ts';
import { table } from '../../compiler/cli/table.ts';
import { UsageError } from '../../compiler/errors.ts';
import { targets } from '../index.ts';
import type { PackageOptions } from '../target.ts';

const names = targets.map(({ name }) => name).join('|');

/** Where workers can share memory. */
const withThreads = ['browser', 'node'];

interface BuildOptions extends PackageOptions {
  readonly target: string;
  readonly output: string;
}

function urlOption(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new InvalidArgumentError('expected an address of the web, as https://github.com/me/model.');
  return new URL(text).href;
}

export const build: Verb = (program, invocation) => {
  program
    .command('build')
    .description('emit a self-contained package for a target')
    .argument('<model>', 'the packed model')
    .requiredOption('--target <target>', names)
    .requiredOption('-o, --output <folder>', 'the folder to write')
    .option('--name <name>', "the package's name (default: the model's)")
    .option('--threads', 'browser, node: files for createSession(…, { threads }), too')
    .option('--board <board>', 'mcu: the board that it is for')
    .option('--vocabulary <vocabulary>', 'mcu: scalar, dsp, mve or auto (default: that of the board, else auto)')
    .option('--url <url>', "mcu: the package's page on the web, for the catalogues of libraries", urlOption)
    .action(async (path: string, options: BuildOptions) => {
      const target = targets.find(({ name }) => name === options.target);
      if (!target) throw new UsageError(`--target ${options.target}: unknown target; known are ${names}`);
      if (options.threads && !withThreads.includes(target.name))
        throw new UsageError(`--threads: only for --target ${withThreads.join(' or ')}; webviews and boards run on one thread`);
      const model = loadPacked(path);
      const written = await target.package(model, options.output, options);
      const document = { target: target.name, ...written };
      invocation.output.report(document, () => {
        const totals = `${written.flashBytes} bytes to store (model and runtime), ${written.ramBytes} bytes of memory at run time`;
        return `${table(
          [{ title: `${written.folder}/` }],
          written.files.map((file) => [file]),
        )}\n${totals}`;
      });
    });
};
