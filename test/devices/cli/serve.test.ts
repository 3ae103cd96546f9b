/** `whittle serve --cert`: a phone that trusts the certificate has a secure, isolated page; what does not fit is refused. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../../compiler/root.ts';
import { serve } from '../../../devices/cli/serve.ts';
import { openDevice } from '../../../devices/index.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { setEnvironment } from '../../environment.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { HOST, Phones } from '../page/phones.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-serve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Makes NAME.cert and NAME.key, good for two days. */
function selfSigned(name: string): readonly string[] {
  const [cert, key] = [join(folder, `${name}.cert`), join(folder, `${name}.key`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject], { stdio: 'ignore' });
  return ['--cert', cert, '--key', key];
}

describe.skipIf(!requireTool('openssl'))('whittle serve --cert', () => {
  let good: readonly string[];
  beforeAll(() => {
    good = selfSigned('good');
  });

  async function refusal(...options: readonly string[]): Promise<{ exitCode: number; message: string }> {
    const result = await runCli([serve], ['serve', '--port', '0', ...options, '--json']);
    return { exitCode: result.exitCode, message: jsonOf(result).error.message };
  }

  test('half of a pair, no PEM, and the key of another', async () => {
    const [, cert = '', , key = ''] = good;
    const other = selfSigned('other');
    expect(await refusal('--host', HOST, '--cert', cert)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('belong together'),
    });
    for (const [one, two] of [
      [key, key],
      [cert, cert],
      [cert, other[3] as string],
    ] as const)
      expect(await refusal('--host', HOST, '--cert', one, '--key', two)).toMatchObject({
        exitCode: 8,
        message: expect.stringMatching(/: are no certificate and its private key \(.*\); give both as PEM$/),
      });
  });

  test('a certificate for another name, an expired one, and a port that is none', async () => {
    expect(await refusal('--host', '192.168.1.20', ...good)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`is for DNS:${HOST}, and phones would open 192.168.1.20: give its name with --host`),
    });
    vi.useFakeTimers({ now: Date.now() + 3 * 86_400_000, toFake: ['Date'] });
    try {
      expect(await refusal('--host', HOST, ...good)).toMatchObject({ exitCode: 2, message: expect.stringContaining('has expired on') });
    } finally {
      vi.useRealTimers();
    }
    expect(await refusal('--host', HOST, '--port', '99999')).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('at most 65535'),
    });
  });

  test.skipIf(!requireTool('chromium'))('the page is secure and isolated, its clock fine; results come back over wss', async () => {
    const certificate = new X509Certificate(readFileSync(good[1] as string));
    const publicKey = createHash('sha256')
      .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
    // As if the phone's owner had installed the certificate.
    const phones = new Phones([`--ignore-certificate-errors-spki-list=${publicKey}`]);
    const restore = setEnvironment({ XDG_RUNTIME_DIR: folder });
    const argv = [join(packageRoot, 'dist', 'whittle.js'), 'serve', '--host', HOST, '--port', '0', ...good, '--json', '-q'];
    const server = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const { url } = JSON.parse(await new Promise<string>((resolve) => server.stdout.once('data', (data) => resolve(String(data))))) as {
        url: string;
      };
      expect(url).toMatch(new RegExp(`^https://${HOST}:\\d+/p/`));
      const phone = await phones.open(url);
      await phone.status(/^Paired as page:1\./);
      const device = await openDevice('page');
      expect(device.environment).toMatchObject({ secureContext: true, crossOriginIsolated: true });
      expect((await device.clock()).stepUs).toBeLessThan(50);
      await device.deploy({ model: smallModel() });
      const node = await openDevice('node');
      await node.deploy({ model: smallModel() });
      const input = new Uint8Array(new Float32Array(108).fill(0.5).buffer);
      expect(await device.infer([input])).toEqual(await node.infer([input]));
      await device.close();
    } finally {
      server.kill();
      await phones.close();
      restore();
    }
  });
});
