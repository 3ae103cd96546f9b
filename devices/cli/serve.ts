/** `whittle serve`: pairs phones, and keeps them for other runs of whittle. */
import { integerOption, type Verb } from '../../compiler/cli/program.ts';
import { UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import { ControlServer } from '../page/control.ts';
import { lanAddress } from '../page/lan-address.ts';
import { PageServer } from '../page/page-server.ts';
import { invitationText } from '../page/qr.ts';
import { playgroundFiles } from '../playground/files.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port: number;
  readonly cert?: string;
  readonly key?: string;
  readonly isolation: boolean;
}

export const serve: Verb = (program, invocation) => {
  program
    .command('serve')
    .description('pair phones by a code, for bench, eval and deploy --on page; with the playground')
    .option('--host <name>', 'by which phones reach this machine (default: its address in the local network)')
    .option('--port <number>', 'where to listen', integerOption(0), 8123)
    .option('--cert <path>', 'certificate (PEM) that the phone trusts: the page is isolated then, its clock fine')
    .option('--key <path>', 'its private key (PEM)')
    .option('--no-isolation', 'without cross-origin isolation')
    .action(async ({ host = process.env.WHITTLE_HOST || lanAddress(), port, cert, key, isolation }: ServeOptions) => {
      const { output } = invocation;
      if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key belong together: give both');
      const pages = await PageServer.start({
        host,
        port,
        isolated: isolation,
        files: playgroundFiles('/playground'),
        ...(cert !== undefined && key !== undefined && { certificate: { cert: readInputFile(cert), key: readInputFile(key) } }),
        onPaired: ({ id, userAgent }) => {
          output.note(`paired: page:${id}, ${userAgent}`);
          output.note(invitationText(pages.invite()));
        },
      });
      await ControlServer.start(pages);
      const url = pages.invite();
      const playground = `${pages.origin}/playground/`;
      output.report({ url, playground, port: pages.port }, () => `${invitationText(url)}\nplayground: ${playground}\nCtrl-C ends it.`);
    });
};
