import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GateError } from '../../../compiler/errors.ts';
import { CdpBrowser, findChromium } from '../../../devices/browser/chromium.ts';
import { deploy, deployText } from '../../../devices/cli/deploy.ts';
import { deployPackage } from '../../../devices/deploy-package.ts';
import { openWebHost } from '../../../devices/index.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-deploy-'));
const model = join(folder, 'small.whittle');
beforeAll(() => writeFileSync(model, smallModel()));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!requireTool('chromium'))('whittle deploy', () => {
  test('proves the package in the browser', async () => {
    const { exitCode, stdout } = await runCli([deploy], ['deploy', model, '--to', 'chromium', '--once']);
    expect(exitCode).toBe(0);
    // Nothing is served any more.
    expect(stdout).toMatch(/80 values in the page, all equal to this machine's\n$/);
  });

  test('while it is served: its link, with a code for other devices', () => {
    const report = {
      model: 'm',
      device: 'd',
      thread: 'page',
      packageFiles: 1,
      packageBytes: 2,
      comparedValues: 3,
      address: '/package',
    } as const;
    const here = deployText({ ...report, link: 'http://127.0.0.1:1/package/try.html' }, true);
    expect(here).toMatch(/machine's\n\ntry it: http:\/\/127\.0\.0\.1:1\/package\/try\.html$/);
    const phone = deployText({ ...report, link: 'http://192.168.1.20:1/package/try.html' }, true);
    expect(phone).toMatch(/█[\s\S]*\ntry it: http:\/\/192\.168\.1\.20:1\/package\/try\.html$/);
  });

  test('its link is a page to try it on; the worker gives the same; other values fail the gate', async () => {
    const host = await openWebHost('chromium');
    try {
      const report = await deployPackage(smallModel(), host, 'worker');
      expect(report).toMatchObject({ model: 'small', device: 'chromium', thread: 'worker', comparedValues: 80 });
      const browser = CdpBrowser.launch(findChromium());
      try {
        const evaluate = await browser.openPage(report.link as string);
        const result = () => evaluate("document.getElementById('result')?.textContent").catch(() => '');
        await expect.poll(result, { timeout: 10_000 }).toMatch(/^[\d.]+ ms \(.*\)\ny: /);
      } finally {
        await browser.close();
      }
      const reply = (await host.call('runPackage', report.address, 'page', [Buffer.alloc(432).toString('base64')])) as string;
      const wrong = Buffer.from(reply, 'base64');
      wrong[5] = (wrong[5] as number) ^ 1;
      const lying = { ...host, call: async () => wrong.toString('base64') };
      await expect(deployPackage(smallModel(), lying, 'page')).rejects.toThrow(GateError);
    } finally {
      await host.close();
    }
  });
});

test('a device without a page is refused', async () => {
  const result = await runCli([deploy], ['deploy', model, '--to', 'node', '--json']);
  expect(result.exitCode).toBe(2);
  expect(jsonOf(result).error.message).toMatch(/--to node: has no web page; packages go to chromium, browser, webdriver, page, android/);
});
