/** `whittle build`: packed model → a package that a user ships. */
import { loadPacked } from '../../compiler/cli/model-file.ts';
import type { Verb } from '../../compiler/cli/program.ts';
import { table } from '../../compiler/cli/table.ts';
import { UsageError } from '../../compiler/errors.ts';
import { targets } from '../index.ts';

const names = targets.map(({ name }) => name).join('|');

export const build: Verb = (program, invocation) => {
  program
    .command('build')
    .description('emit a self-contained package for a target')
    .argument('<model>', 'the packed model')
    .requiredOption('--target <target>', names)
    .requiredOption('-o, --output <folder>', 'the folder to write')
    .option('--name <name>', "the package's name (default: the model's)")
    .action(async (path: string, options: { target: string; output: string; name?: string }) => {
      const target = targets.find(({ name }) => name === options.target);
      if (!target) throw new UsageError(`--target ${options.target}: unknown target; known are ${names}`);
      const model = loadPacked(path);
      const written = await target.package(model, options.output, options.name === undefined ? {} : { name: options.name });
      const document = { target: target.name, ...written };
      invocation.output.report(document, () => {
        const totals = `${written.flashBytes} bytes to store (model and runtime), ${written.ramBytes} bytes of arena`;
        return `${table(
          [{ title: `${written.folder}/` }],
          written.files.map((file) => [file]),
        )}\n${totals}`;
      });
    });
};
