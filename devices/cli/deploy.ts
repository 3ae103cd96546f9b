/** `whittle deploy`: the emitted package onto a phone or into a browser, proved there with one input. */
import type { Verb } from '../../compiler/cli/program.ts';
import { facts } from '../../compiler/cli/table.ts';
import { readInputFile } from '../../compiler/files.ts';
import { type DeployReport, deployPackage } from '../deploy-package.ts';
import { openWebHost } from '../index.ts';
import { codeText } from '../page/qr.ts';

interface DeployOptions {
  readonly to: string;
  readonly worker?: boolean;
  readonly isolation: boolean;
  readonly once?: boolean;
}

/** A code is for the camera of another device. */
function linkText(link: string): string {
  const isHere = new URL(link).hostname === '127.0.0.1';
  return `${isHere ? '' : `${codeText(link)}\n`}try it: ${link}`;
}

/** @param isServed whether the link leads anywhere from now on */
export function deployText(report: DeployReport, isServed: boolean): string {
  const { model, device, thread, packageFiles, packageBytes, comparedValues, link } = report;
  const lines = facts([
    ['package', `${packageFiles} files, ${packageBytes} bytes`],
    ['smoke run', `${comparedValues} values in the ${thread}, all equal to this machine's`],
  ]);
  return `${model} on ${device}\n${lines}${isServed && link ? `\n\n${linkText(link)}` : ''}`;
}

export const deploy: Verb = (program, invocation) => {
  program
    .command('deploy')
    .description('put the emitted package onto a phone or into a browser, prove it there with one input, and serve it')
    .argument('<model>', 'the packed model')
    .requiredOption('--to <device>', 'page, android[:SERIAL], browser:NAME or webdriver:URL')
    .option('--worker', "use the package's worker session")
    .option('--no-isolation', 'without cross-origin isolation, as most sites are')
    .option('--once', 'end after the smoke run instead of serving the package until Ctrl-C')
    .action(async (path: string, { to, worker, isolation, once }: DeployOptions) => {
      const { output } = invocation;
      const model = readInputFile(path);
      const options = {
        log: (message: string) => output.detail(message),
        ask: (message: string) => output.note(message),
        isolated: isolation,
      };
      const host = await openWebHost(to, options);
      try {
        const report = await deployPackage(model, host, worker ? 'worker' : 'page');
        const link = once || report.link === undefined ? [] : [report.link];
        await host.call('show', `${report.model}: ${report.comparedValues} values, all equal`, ...link);
        output.report(report, () => deployText(report, !once));
        if (!once) {
          output.note('The package is served until Ctrl-C.');
          await new Promise(() => {});
        }
      } finally {
        await host.close();
      }
    });
};
