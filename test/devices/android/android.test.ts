/** The Android road: the real adb and its server, an emulated phone behind them, a real Chromium behind its DevTools sockets. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../compiler/root.ts';
import { AdbDevice, listDevices } from '../../../devices/android/adb.ts';
import { android } from '../../../devices/android/device.ts';
import { openTab } from '../../../devices/android/devtools.ts';
import { findDevtools } from '../../../devices/android/find-devtools.ts';
import { MemoryServer } from '../../../devices/browser/server.ts';
import { deploy } from '../../../devices/cli/deploy.ts';
import { deployPackage } from '../../../devices/deploy-package.ts';
import type { Device } from '../../../devices/device.ts';
import { freePort } from '../../../devices/free-port.ts';
import { openDevice, openWebHost } from '../../../devices/index.ts';
import { cacheFolder } from '../../../targets/build-runtime.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { setEnvironment } from '../../environment.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { expectDeviceContract } from '../contract.ts';
import { FakePhone, type FakePhoneOptions } from './fake-phone.ts';
import { PhoneChromium, shell } from './phone.ts';

const home = mkdtempSync(join(tmpdir(), 'whittle-adb-'));

/** The real program; the emulated phone lives in this process and must go on meanwhile. */
async function adb(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('adb', args);
  return `${stdout}${stderr}`;
}

describe.skipIf(!requireTool('adb') || !requireTool('chromium'))('device android', () => {
  let chromium: PhoneChromium;
  let restore: () => void;
  const phones: FakePhone[] = [];

  /** A phone at the cable. */
  async function plugIn(options: FakePhoneOptions): Promise<FakePhone> {
    const phone = await FakePhone.start(options);
    phones.push(phone);
    const connected = adb('connect', phone.serial);
    // adb waits ten seconds for a phone that does not answer.
    if (options.state !== 'offline') await connected;
    return phone;
  }

  async function unplugAll(): Promise<void> {
    for (const phone of phones.splice(0)) {
      await adb('disconnect', phone.serial).catch(() => {});
      await phone.stop();
    }
  }

  beforeAll(async () => {
    // A server, keys and a port of our own: whatever adb the machine runs is left alone.
    restore = setEnvironment({
      ANDROID_ADB_SERVER_PORT: String(await freePort()),
      HOME: home,
      ANDROID_USER_HOME: home,
      ADB_MDNS: '0',
      WHITTLE_CACHE: cacheFolder(),
    });
    chromium = await PhoneChromium.start();
  });
  afterAll(async () => {
    await adb('kill-server');
    await chromium?.close();
    restore();
    rmSync(home, { recursive: true, force: true });
  });

  describe('Chrome', () => {
    const told: string[] = [];
    let phone: FakePhone;
    let device: Device;

    expectDeviceContract(async () => {
      phone = await plugIn({
        shell: shell(['com.android.chrome'], ['chrome_devtools_remote'], told),
        sockets: { chrome_devtools_remote: chromium.port },
      });
      device = await openDevice(`android:${phone.serial}`);
      return device;
    });

    test('tells what the phone is and how it does; its origin is secure, its clock fine', async () => {
      expect(device.environment).toMatchObject({
        phone: 'Google Pixel 8',
        android: '14',
        soc: 'Tensor G3',
        governor: 'schedutil',
        maxMHz: '1704 1704 2367 2914',
      });
      expect(device.environment).toMatchObject({
        secureContext: true,
        crossOriginIsolated: true,
        browser: expect.stringMatching(/^Chrome\//),
      });
      expect((await device.clock()).stepUs).toBeLessThan(50);
      expect(await device.conditions?.()).toEqual({
        thermalStatus: 1,
        batteryPercent: 83,
        charging: true,
        temperatureCelsius: 31.4,
        powerSaving: false,
        cpuBusySeconds: 13.31,
        cpuCores: 2,
        visible: true,
        hiddenCount: 0,
      });
    });

    test('leaves nothing behind: no tab, no port, the screen as it was', async () => {
      expect(phone.reversedPorts).toHaveLength(1);
      expect(await adb('forward', '--list')).toContain(`${phone.serial} tcp:`);
      expect(await chromium.pages()).toEqual(expect.arrayContaining([expect.stringContaining('/index.html')]));
      expect(told).toContain('svc power stayon true');
      await device.close();
      expect(phone.reversedPorts).toEqual([]);
      expect((await adb('forward', '--list')).trim()).toBe('');
      expect((await chromium.pages()).filter((url) => url.includes('/index.html'))).toEqual([]);
      expect(told.at(-1)).toBe('settings put global stay_on_while_plugged_in 2');
      await unplugAll();
    });
  });

  describe('everything that may be wrong', () => {
    afterEach(unplugAll);

    test('no device', async () => {
      await expect(openDevice('android')).rejects.toMatchObject({
        exitCode: 6,
        message: expect.stringMatching(/^adb sees no device; plug the phone in, switch on USB debugging/),
      });
    });

    test('unauthorized', async () => {
      const phone = await plugIn({ shell: () => '', state: 'unauthorized' });
      await expect.poll(async () => (await listDevices()).map(({ state }) => state), { timeout: 15_000 }).toEqual(['unauthorized']);
      const message = `${phone.serial} is unauthorized: look at its screen and allow USB debugging for this computer`;
      expect(await android.list?.()).toMatchObject([
        { name: `android:${phone.serial}`, ready: false, note: expect.stringMatching(/^unauthorized: look at/) },
      ]);
      await expect(openDevice('android')).rejects.toThrow(`no device is ready:\n  ${message}`);
      await expect(openDevice(`android:${phone.serial}`)).rejects.toThrow(`android:${message}`);
    });

    test('offline', async () => {
      const { serial } = await plugIn({ shell: () => '', state: 'offline' });
      await expect.poll(async () => (await listDevices()).map(({ state }) => state), { timeout: 15_000 }).toEqual(['offline']);
      const fix = 'unplug it and plug it in again, or adb reconnect';
      expect(await android.list?.()).toMatchObject([{ name: `android:${serial}`, ready: false, note: `offline: ${fix}` }]);
      await expect(openDevice('android')).rejects.toThrow(`no device is ready:\n  ${serial} is offline: ${fix}`);
      await expect(openDevice(`android:${serial}`)).rejects.toMatchObject({
        exitCode: 6,
        message: `android:${serial} is offline: ${fix}`,
      });
    });

    test('several, and one that is not among them', async () => {
      const [one, two] = [await plugIn({ shell: () => '' }), await plugIn({ shell: () => '' })];
      const list = [one, two].map(({ serial }) => `  ${serial} (Fake Phone)`).sort();
      await expect(openDevice('android')).rejects.toThrow(
        `several devices are ready; say which one, as android:SERIAL:\n${list.join('\n')}`,
      );
      await expect(openDevice('android:emulator-1')).rejects.toThrow('android:emulator-1: adb does not see it; it sees\n');
    });

    test('neither Chrome nor a debuggable WebView', async () => {
      const { serial } = await plugIn({ shell: shell([], []) });
      await expect(openDevice('android')).rejects.toThrow(
        `${serial} has no Chrome, and no debuggable WebView; install Chrome: a WebView is debuggable after`,
      );
      await expect(findDevtools(new AdbDevice(serial), 'com.example.app1')).rejects.toThrow(`${serial} has no app com.example.app1`);
      await expect(findDevtools(new AdbDevice(serial), 'a; reboot')).rejects.toThrow('a; reboot: is no name of an app');
    });

    test('a Chrome that does not start, and an app whose WebView is not debuggable', async () => {
      const { serial } = await plugIn({ shell: shell(['com.android.chrome', 'com.example.app1'], []) });
      const device = new AdbDevice(serial);
      await expect(findDevtools(device, undefined, 10)).rejects.toThrow(
        `${serial} has Chrome, which did not start, and no debuggable WebView; unlock the phone`,
      );
      await expect(findDevtools(device, 'com.example.app1', 10)).rejects.toThrow(
        /^com\.example\.app1 has no debuggable WebView; open the screen that has it: .*setWebContentsDebuggingEnabled/,
      );
    });

    test('several WebViews', async () => {
      const { serial } = await plugIn({ shell: shell([], ['webview_devtools_remote_11', 'webview_devtools_remote_22']) });
      await expect(openDevice('android')).rejects.toThrow(
        `say which one, as android:${serial}/PACKAGE:\n  com.example.app11 (webview)\n  com.example.app22 (webview)`,
      );
    });

    test('a socket that nobody answers', async () => {
      const { serial } = await plugIn({ shell: shell(['com.android.chrome'], ['chrome_devtools_remote']) });
      await expect(openDevice(`android:${serial}`)).rejects.toThrow(/DevTools socket does not answer .*open the app again/);
      expect((await adb('forward', '--list')).trim()).toBe('');
    });

    test('no adb, and something else on its port', async () => {
      const { ANDROID_ADB_SERVER_PORT: port } = process.env;
      const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      try {
        process.env.ANDROID_ADB_SERVER_PORT = String(await freePort());
        process.env.WHITTLE_ADB = '/nowhere/adb';
        await expect(openDevice('android')).rejects.toMatchObject({
          exitCode: 6,
          message: expect.stringMatching(/^no adb found and no adb server runs; install it \(Debian: apt-get install adb/),
        });
        process.env.ANDROID_ADB_SERVER_PORT = String((other.address() as AddressInfo).port);
        await expect(openDevice('android')).rejects.toThrow(/the adb server answers "HTTP"; does something else listen on port \d+\?/);
      } finally {
        delete process.env.WHITTLE_ADB;
        process.env.ANDROID_ADB_SERVER_PORT = port;
        other.close();
      }
    });
  });

  test('whittle deploy: the package runs on the phone, which shows where to try it; an app cannot take it', async () => {
    const phone = await plugIn({
      shell: shell(['com.android.chrome', 'com.example.app4242'], ['chrome_devtools_remote', 'webview_devtools_remote_4242']),
      sockets: { chrome_devtools_remote: chromium.port, webview_devtools_remote_4242: chromium.port },
    });
    const model = join(home, 'small.whittle');
    writeFileSync(model, smallModel());
    try {
      const once = await runCli([deploy], ['deploy', model, '--to', `android:${phone.serial}`, '--worker', '--once']);
      expect(once.stderr).toBe('');
      expect(once.stdout).toMatch(/80 values in the worker, all equal to this machine's\n$/);
      expect(phone.reversedPorts).toEqual([]);

      const host = await openWebHost('android');
      const { link } = await deployPackage(smallModel(), host, 'page');
      expect(link).toBe(`http://localhost:${phone.reversedPorts[0]}/package/try.html`);
      const tab = await openTab(chromium.port, link as string);
      const result = () => tab.evaluate("document.getElementById('result')?.textContent").catch(() => '');
      await expect.poll(result, { timeout: 10_000 }).toMatch(/^[\d.]+ ms \(.*\)\ny: /);
      await tab.close();
      await host.close();

      const inApp = await runCli([deploy], ['deploy', model, '--to', `android:${phone.serial}/com.example.app4242`, '--once', '--json']);
      expect(inApp.exitCode).toBe(2);
      expect(jsonOf(inApp).error.message).toMatch(/its page belongs to an app .* put the mobile-webview package into the app/);
    } finally {
      await unplugAll();
    }
  });

  test('a phone before Android 8, whose reverse port the host chooses', async () => {
    const phone = await plugIn({ shell: () => '', choosesReversePort: false });
    const port = await freePort();
    const device = new AdbDevice(phone.serial);
    expect(await device.reverse(port)).toBe(port);
    expect(phone.reversedPorts).toEqual([port]);
    await device.removeReverse(port);
    expect(phone.reversedPorts).toEqual([]);
    await unplugAll();
  });

  test('a WebView: the page of the app itself runs the model, and keeps nothing of it', async () => {
    const app = await MemoryServer.start(new Map([['/index.html', '<!doctype html><title>app</title>']]), { isolated: false });
    await fetch(`http://127.0.0.1:${chromium.port}/json/new?${app.origin}/index.html`, { method: 'PUT' });
    await plugIn({
      shell: shell(['com.example.app4242'], ['webview_devtools_remote_4242', 'chrome_devtools_remote']),
      sockets: { webview_devtools_remote_4242: chromium.port },
    });
    try {
      await expect(openDevice('android:/com.example.app4242', { worker: true })).rejects.toThrow(
        'the page of com.example.app4242 has no worker of ours',
      );
      const device = await openDevice('android:/com.example.app4242');
      expect(device.environment).toMatchObject({ application: 'com.example.app4242', crossOriginIsolated: false, phone: 'Google Pixel 8' });
      await device.deploy({ model: smallModel() });
      const node = await openDevice('node');
      await node.deploy({ model: smallModel() });
      const input = new Uint8Array(new Float32Array(108).fill(0.5).buffer);
      expect(await device.infer([input])).toEqual(await node.infer([input]));
      expect(await chromium.pages()).toContain(`${app.origin}/index.html`);
      await device.close();
    } finally {
      await app.stop();
      await unplugAll();
    }
  });

  test('an interrupted run takes its ports back and sets the screen as it was', async () => {
    const told: string[] = [];
    const phone = await plugIn({
      shell: shell(['com.android.chrome'], ['chrome_devtools_remote'], told),
      sockets: { chrome_devtools_remote: chromium.port },
    });
    const script = `import { openDevice } from '${join(packageRoot, 'dist', 'devices', 'index.js')}';
process.on('SIGINT', () => process.exit(130));
await openDevice('android');
console.log('open');
setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => run.stdout.once('data', resolve));
    expect(phone.reversedPorts).toHaveLength(1);
    run.kill('SIGINT');
    expect(await new Promise((resolve) => run.once('exit', resolve))).toBe(130);
    expect(phone.reversedPorts).toEqual([]);
    expect((await adb('forward', '--list')).trim()).toBe('');
    expect(told.at(-1)).toBe('settings put global stay_on_while_plugged_in 2');
    await unplugAll();
  });
});
