/** `whittle serve`: pairs phones, and keeps them for other runs of whittle. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { integerOption, type Verb } from '../../compiler/cli/program.ts';
import { InputFileError, UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import { ControlServer } from '../page/control.ts';
import { lanAddress } from '../page/lan-address.ts';
import { PageServer, type PageServerOptions } from '../page/page-server.ts';
import { invitationText } from '../page/qr.ts';
import { playgroundFiles } from '../playground/files.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port: number;
  readonly cert?: string;
  readonly key?: string;
  readonly isolation: boolean;
}

/**
 * Whether phones can trust it is for them to say; that it fits itself and the host can be said here.
 * @throws UsageError, InputFileError
 */
function readCertificate({ cert, key }: ServeOptions, host: string): PageServerOptions['certificate'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError('--cert and --key belong together: give both');
  const certificate = { cert: readInputFile(cert), key: readInputFile(key) };
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate.cert);
    createSecureContext({ cert: Buffer.from(certificate.cert), key: Buffer.from(certificate.key) });
  } catch (error) {
    throw new InputFileError(`${cert}, ${key}: are no certificate and its private key (${(error as Error).message}); give both as PEM`, {
      cause: error,
    });
  }
  if (!parsed.checkHost(host) && !parsed.checkIP(host))
    throw new UsageError(
      `--cert ${cert}: is for ${parsed.subjectAltName ?? parsed.subject}, and phones would open ${host}: give its name with --host`,
    );
  if (Date.parse(parsed.validTo) < Date.now()) throw new UsageError(`--cert ${cert}: has expired on ${parsed.validTo}; renew it`);
  return certificate;
}

export const serve: Verb = (program, invocation) => {
  program
    .command('serve')
    .description('pair phones by a code, for bench, eval and deploy --on page; with the playground')
    .option('--host <name>', 'by which phones reach this machine (default: its address in the local network)')
    .option('--port <number>', 'where to listen', integerOption(0, 65_535), 8123)
    .option('--cert <path>', 'certificate (PEM) that the phone trusts: the page is isolated then, its clock fine')
    .option('--key <path>', 'its private key (PEM)')
    .option('--no-isolation', 'without cross-origin isolation')
    .action(async (options: ServeOptions) => {
      const { host = process.env.WHITTLE_HOST || lanAddress(), port, isolation } = options;
      const { output } = invocation;
      const certificate = readCertificate(options, host);
      const pages = await PageServer.start({
        host,
        port,
        isolated: isolation,
        files: playgroundFiles('/playground'),
        ...(certificate && { certificate }),
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
