/** The page road: phones open a one-time address on a non-secure origin, run models, and the results come back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { deployPackage } from '../../../devices/deploy-package.ts';
import type { DeviceOptions } from '../../../devices/device.ts';
import { openDevice, openWebHost } from '../../../devices/index.ts';
import { ControlServer } from '../../../devices/page/control.ts';
import { page as pageKind } from '../../../devices/page/device.ts';
import { lanAddress } from '../../../devices/page/lan-address.ts';
import { PageServer } from '../../../devices/page/page-server.ts';
import { setEnvironment } from '../../environment.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { expectDeviceContract } from '../contract.ts';
import { HOST, Phones } from './phones.ts';

const runtime = mkdtempSync(join(tmpdir(), 'whittle-runtime-'));

/** The address in what the user is asked to do. */
function addressIn(text: string): string | undefined {
  return /http:\/\/\S+/.exec(text)?.[0];
}

describe.skipIf(!requireTool('chromium'))('device page', () => {
  let phones: Phones;
  let restore: () => void;

  beforeAll(() => {
    restore = setEnvironment({ WHITTLE_HOST: HOST, XDG_RUNTIME_DIR: runtime });
    phones = new Phones();
  });
  afterAll(async () => {
    await phones.close();
    restore();
    rmSync(runtime, { recursive: true, force: true });
  });

  /** Opens the device as a user does: reads the address, opens it on a phone. */
  async function openOnPhone(options: DeviceOptions = {}) {
    let asked = '';
    const device = openDevice('page', {
      ...options,
      ask: (text) => {
        const url = asked ? undefined : addressIn(text);
        asked += text;
        if (url) void phones.open(url);
      },
    });
    return { device: await device, asked };
  }

  describe('in the page', () => expectDeviceContract(async () => (await openOnPhone()).device));

  test('the phone is what it says: no secure origin, a coarse clock, the profile of a phone; its worker works, too', async () => {
    const { device, asked } = await openOnPhone({ worker: true });
    try {
      expect(asked).toMatch(/█[\s\S]*open on the phone, in the same network: http:\/\/phone\.lan:\d+\/p\/[a-km-z2-9]{15}\n/);
      expect(asked).toContain('paired: Mozilla/5.0 (Linux; Android 14; Pixel 8)');
      expect(device.environment).toMatchObject({
        secureContext: false,
        crossOriginIsolated: false,
        thread: 'worker',
        variant: expect.stringMatching(/simd|relaxed|signed|saturating/),
      });
      expect(device.environment.userAgent).toContain('Pixel 8');
      expect(await device.conditions?.()).toEqual({ visible: true, hiddenCount: 0, wakeLock: false });
      expect((await device.clock()).stepUs).toBeGreaterThan(50);
      await device.deploy({ model: smallModel() });
      expect(await device.infer([new Uint8Array(432)])).toHaveLength(1);
    } finally {
      await device.close();
    }
  });

  test('the emitted package goes to the phone, and answers there as here', async () => {
    const server = await PageServer.start({ host: HOST });
    const control = await ControlServer.start(server);
    try {
      const phone = await phones.open(server.invite());
      await phone.status(/page:1/);
      const host = await openWebHost('page:1');
      const report = await deployPackage(smallModel(), host, 'page');
      expect(report).toMatchObject({ device: 'page:1', comparedValues: 80 });
      expect(report.link).toMatch(/^http:\/\/phone\.lan:\d+\/d\/[0-9a-f]{32}\/package\/try\.html$/);
      await host.call('show', 'all equal', report.link as string);
      expect(await phone.evaluate("document.querySelector('#whittle-results pre').textContent")).toBe('all equal\ntry it');
      expect(await phone.evaluate("document.querySelector('#whittle-results a').href")).toBe(report.link);
      await host.close();
      const trial = await phones.open(report.link as string);
      const result = () => trial.evaluate("document.getElementById('result')?.textContent").catch(() => '');
      await expect.poll(result, { timeout: 10_000 }).toMatch(/ ms \(.*\)\ny: /);
    } finally {
      await control.stop();
      await server.stop();
    }
  });

  describe('the server', () => {
    let server: PageServer;
    const paired: string[] = [];

    beforeAll(async () => {
      server = await PageServer.start({ host: HOST, onPaired: ({ id }) => paired.push(id) });
    });
    afterAll(() => server.stop());

    test('a wrong address is refused, and so is one that was used', async () => {
      const wrong = await phones.open(`${server.origin}/p/abcdefghijkmnpq`);
      await wrong.status(/used before, or is wrong: scan a new code/);
      const url = server.invite();
      const first = await phones.open(url);
      await first.status(/Paired as page:1/);
      const second = await phones.open(url);
      await second.status(/used before, or is wrong: scan a new code/);
      expect(paired).toEqual(['1']);
      for (const phone of [wrong, first, second]) await phone.close();
    });

    test('whatever is not a page of this server is refused by name', async () => {
      const refused = (url: string, options: object, first?: string) =>
        new Promise<string>((resolve, reject) => {
          const socket = new WebSocket(url, options);
          socket.on('open', () => first !== undefined && socket.send(first));
          socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
          socket.on('error', reject);
        });
      const address = `ws://127.0.0.1:${server.port}`;
      expect(await refused(`${address}/pair`, { origin: 'https://evil.example' })).toBe('4401 not a page of this server');
      expect(await refused(`${address}/pair`, { origin: 'null' })).toBe('4401 not a page of this server');
      expect(await refused(`${address}/other`, {})).toBe('4401 not a page of this server');
      for (const hello of ['{', '{"token":5}', '{"key":"0"}', '[]', '"x"', 'null', '{"token":"abcdefghijkmnpq"}'])
        expect(await refused(`${address}/pair`, {}, hello)).toMatch(/^4401 this address was used before/);
      for (const path of ['/nothing', '/%', '/d/0/model.whittle', '/p/../d', '//'])
        expect((await fetch(`http://127.0.0.1:${server.port}${path}`)).status).toBeGreaterThanOrEqual(400);
      expect((await fetch(`http://127.0.0.1:${server.port}/p/abcdefghijkmnpq`)).status).toBe(403);
      expect((await fetch(`http://127.0.0.1:${server.port}/phone.js`, { method: 'POST' })).status).toBe(405);
    });

    test('a page that was reloaded comes back as the same; what it was asked before is said to be lost', async () => {
      const waiting = server.nextPage();
      const phone = await phones.open(server.invite());
      const page = await waiting;
      await phone.status(/Paired/);
      const { id } = page;
      // The page is busy when it is reloaded.
      const lost = expect(page.call('roofline', ['/nowhere'])).rejects.toThrow(
        /nowhere: (HTTP 404|cannot be fetched)|page:\d+ (is gone|was opened again)/,
      );
      await phone.send('Page.reload');
      await lost;
      await phone.status(new RegExp(`Paired as page:${id}`));
      expect(await page.call('facts', [])).toMatchObject({ thread: 'page' });
      await expect(page.call('time', [1])).rejects.toThrow('in the page: no model is deployed; the page was reloaded');
      await expect(page.call('sing', [])).rejects.toThrow('sing: unknown call; page and whittle are of different versions');
      await phone.close();
      await expect.poll(() => server.pages.has(id)).toBe(false);
      await expect(page.call('facts', [])).rejects.toThrow(`page:${id} is gone (closed, asleep or out of reach)`);
    });

    test('pages that are hidden say so', async () => {
      const waiting = server.nextPage();
      const phone = await phones.open(server.invite());
      const page = await waiting;
      expect(await page.call('conditions', [])).toMatchObject({ visible: true, hiddenCount: 0 });
      await phone.evaluate(
        "Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))",
      );
      expect(await page.call('conditions', [])).toMatchObject({ visible: false, hiddenCount: 1 });
      await phone.close();
    });
  });

  test('two phones at one whittle serve: each has its own model, and its own results', async () => {
    const server = await PageServer.start({ host: HOST });
    const control = await ControlServer.start(server);
    try {
      await expect(openDevice('page:7')).rejects.toThrow('page:7 is not paired; nothing is paired yet');
      for (const id of [1, 2]) await (await phones.open(server.invite())).status(new RegExp(`page:${id}`));
      await expect(openDevice('page')).rejects.toThrow(/several pages are paired; say which one:\n {2}page:1 \(Mozilla.*\n {2}page:2/);
      const [one, two] = await Promise.all([openDevice('page:1'), openDevice('page:2')]);
      await expect(openDevice('page:2')).rejects.toThrow('page:2 is busy: another run of whittle uses it');
      expect(await pageKind.list?.()).toMatchObject([
        { name: 'page:1', title: expect.stringContaining('Pixel 8'), ready: false },
        { name: 'page:2', ready: false, note: 'another run of whittle uses it; wait for it' },
      ]);
      await Promise.all([one.deploy({ model: smallModel(1) }), two.deploy({ model: smallModel(2) })]);
      const input = new Uint8Array(new Float32Array(108).fill(1).buffer);
      const [first, second] = await Promise.all([one.infer([input, input]), two.infer([input, input])]);
      const expected = await Promise.all(
        [1, 2].map(async (seed) => {
          const node = await openDevice('node');
          await node.deploy({ model: smallModel(seed) });
          return (await node.infer([input]))[0];
        }),
      );
      expect([first[0], first[1], second[0], second[1]]).toEqual([expected[0], expected[0], expected[1], expected[1]]);
      expect(first[0]).not.toEqual(second[0]);
      await one.close();
      // Alone now, the first page is taken without saying which.
      const again = await openDevice('page');
      expect(again.name).toBe('page:1');
      await again.close();
      await two.close();
    } finally {
      await control.stop();
      await server.stop();
    }
    await expect(openDevice('page:1')).rejects.toThrow('page:1: no whittle serve runs that could have paired it');
  });
});

test('the address of this machine: the home network before others, nothing that lives on this machine alone', () => {
  const entry = (address: string, internal = false) => [{ address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null } as const];
  const interfaces = { lo: entry('127.0.0.1', true), docker0: entry('172.17.0.1'), eth0: entry('100.64.0.3'), wlan0: entry('192.168.1.7') };
  expect(lanAddress(interfaces)).toBe('192.168.1.7');
  expect(lanAddress({ eth0: entry('100.64.0.3'), lo: entry('127.0.0.1', true) })).toBe('100.64.0.3');
  expect(() => lanAddress({ docker0: entry('172.17.0.1'), eth1: entry('169.254.3.3') })).toThrow(/in no network that a phone could share/);
});
