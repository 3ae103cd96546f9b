/** Device android[:SERIAL][/PACKAGE]: Chrome or a debuggable WebView on a phone at the cable, driven through adb. */
import { UsageError } from '../../compiler/errors.ts';
import type { Browser, Evaluate } from '../browser/engine.ts';
import { callBy, openServedPage, pageScript } from '../browser/served-page.ts';
import { type WebHost, webDeviceKind } from '../browser/web-host.ts';
import type { DeviceOptions, FoundDevice } from '../device.ts';
import { AdbDevice, listDevices } from './adb.ts';
import { chooseDevice, hindranceOf } from './choose-device.ts';
import { attachToWebView, openTab, type PhonePage } from './devtools.ts';
import { readConditions, readFacts } from './facts.ts';
import { findDevtools } from './find-devtools.ts';
import { StayAwake } from './stay-awake.ts';

/** Base64 in messages of this length: DevTools sockets of phones refuse much longer ones. */
const CHUNK_LETTERS = 1 << 20;

/** Forwarded ports and settings of a phone, taken back in reverse order. */
type Undo = () => Promise<unknown>;

async function undoAll(undo: Undo[]): Promise<void> {
  for (const one of undo.splice(0).reverse()) await one().catch(() => {});
}

/** A tab of the phone's browser as a browser. */
class PhoneBrowser implements Browser {
  private tab: PhonePage | undefined;

  constructor(
    private readonly port: number,
    private readonly whenClosed: () => Promise<void>,
  ) {}

  async version(): Promise<string> {
    return this.tab?.browser ?? 'unknown';
  }

  async openPage(url: string): Promise<Evaluate> {
    this.tab = await openTab(this.port, url);
    return this.tab.evaluate;
  }

  async close(): Promise<void> {
    await this.tab?.close();
    await this.whenClosed();
  }
}

type Known = Pick<WebHost, 'name' | 'facts' | 'conditions'>;

/** The app's own page, with its origin and its settings: our script and the model come over the DevTools protocol. */
async function openWebView(port: number, application: string, known: Known, undo: Undo[]): Promise<WebHost> {
  const page = await attachToWebView(port, application);
  undo.push(() => page.close());
  await page.evaluate(`(() => {${pageScript()}})()`);
  undo.push(() => page.evaluate('delete globalThis.whittle'));
  const call = callBy(page.evaluate);
  const serve = async (name: string, content: string | Uint8Array) => {
    const text = Buffer.from(content).toString('base64');
    for (let from = 0; from === 0 || from < text.length; from += CHUNK_LETTERS)
      await call('receive', name, text.slice(from, from + CHUNK_LETTERS), from > 0);
    return `received:${name}`;
  };
  return { ...known, facts: { ...known.facts, browser: page.browser, application }, call, serve, close: () => undoAll(undo) };
}

async function openHost(options: DeviceOptions, argument = ''): Promise<WebHost> {
  const [, serial = '', application] = /^([^/]*)(?:\/(.*))?$/.exec(argument) ?? [];
  const entry = chooseDevice(await listDevices(), serial || undefined);
  const device = new AdbDevice(entry.serial);
  const shell = (command: string) => device.shell(command);
  const undo: Undo[] = [];
  try {
    const awake = await StayAwake.begin(device);
    undo.push(() => awake.end());
    const target = await findDevtools(device, application);
    options.log?.(`android: ${entry.serial}, ${target.application} (${target.kind})`);
    const port = await device.forward(`localabstract:${target.socket}`);
    undo.push(() => device.removeForward(port));
    awake.alsoAtExit(['forward', '--remove', `tcp:${port}`]);
    const known = { name: `android:${entry.serial}`, facts: await readFacts(shell), conditions: () => readConditions(shell) };
    if (target.kind === 'webview') {
      if (options.worker) throw new UsageError(`--worker: the page of ${target.application} has no worker of ours; leave it out`);
      return await openWebView(port, target.application, known, undo);
    }
    const announce = async (local: number) => {
      const remote = await device.reverse(local);
      undo.push(() => device.removeReverse(remote));
      awake.alsoAtExit(['reverse', '--remove', `tcp:${remote}`]);
      // A secure origin, though it is not https: isolation, and with it the fine clock, is possible.
      return `http://localhost:${remote}`;
    };
    return await openServedPage(new PhoneBrowser(port, () => undoAll(undo)), known, { ...options, announce });
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

/** Every phone that adb sees; none where there is no adb. */
async function listPhones(): Promise<FoundDevice[]> {
  const entries = await listDevices().catch(() => []);
  return entries.map((entry): FoundDevice => {
    const note = hindranceOf(entry);
    return { name: `android:${entry.serial}`, title: entry.model ?? 'Android', ready: note === undefined, ...(note && { note }) };
  });
}

export const android = webDeviceKind('android', '[SERIAL][/PACKAGE]', openHost, listPhones);
