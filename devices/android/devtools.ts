/** The browsers and debuggable WebViews of a phone: found by their sockets, spoken to through `adb forward`. */
import WebSocket from 'ws';
import { DeviceError } from '../../compiler/errors.ts';
import { CdpConnection } from '../browser/cdp.ts';
import type { Evaluate } from '../browser/engine.ts';
import type { AdbDevice } from './adb.ts';

/** Something on the phone that speaks the DevTools protocol. */
export interface DevtoolsEntry {
  /** Name in the abstract namespace. */
  readonly socket: string;
  readonly kind: 'browser' | 'webview';
  /** com.android.chrome, or the app of the WebView. */
  readonly application: string;
}

/** Browsers by their socket; other Chromium browsers keep Chrome's pattern. */
const browsers: Readonly<Record<string, string>> = {
  chrome_devtools_remote: 'com.android.chrome',
  Terrace_devtools_remote: 'com.sec.android.app.sbrowser',
};

/** Names of listening sockets in /proc/net/unix that end as DevTools' do. */
export function devtoolsSockets(procNetUnix: string): string[] {
  return [...new Set([...procNetUnix.matchAll(/@(\S*devtools_remote\S*)/g)].map(([, name]) => name as string))].sort();
}

export async function listDevtools(device: AdbDevice): Promise<DevtoolsEntry[]> {
  const sockets = devtoolsSockets(await device.shell('cat /proc/net/unix'));
  return Promise.all(
    sockets.map(async (socket): Promise<DevtoolsEntry> => {
      const pid = /^webview_devtools_remote_(\d+)$/.exec(socket)?.[1];
      if (pid === undefined) return { socket, kind: 'browser', application: browsers[socket] ?? socket.replace(/_devtools_remote.*$/, '') };
      const commandLine = await device.shell(`cat /proc/${pid}/cmdline`);
      return { socket, kind: 'webview', application: commandLine.split('\0')[0]?.trim() || `process ${pid}` };
    }),
  );
}

interface Target {
  readonly type: string;
  readonly url: string;
  readonly title: string;
  readonly webSocketDebuggerUrl?: string;
  /** JSON on Android: attached, visible, empty … */
  readonly description?: string;
}

async function json(port: number, path: string): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.json();
  } catch (error) {
    const { cause, message } = error as Error;
    throw new DeviceError(
      `the phone's DevTools socket does not answer (${(cause as Error | undefined)?.message || message}); open the app again and keep it in front`,
      7,
    );
  }
}

async function openSocket(url: string, gone: string): Promise<{ connection: CdpConnection; socket: WebSocket }> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
  const connection = new CdpConnection((message) => socket.send(message));
  socket.on('message', (data) => connection.receive(String(data)));
  socket.on('close', () => connection.lose(gone));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', ({ message }) => reject(new DeviceError(`the phone's DevTools socket refuses: ${message}`, 7)));
  });
  socket.on('error', () => {});
  return { connection, socket };
}

export interface PhonePage {
  readonly evaluate: Evaluate;
  /** Name and version of the engine. */
  readonly browser: string;
  close(): Promise<void>;
}

/** Opens a tab of the browser behind a forwarded port. */
export async function openTab(port: number, url: string): Promise<PhonePage> {
  const { Browser, webSocketDebuggerUrl } = (await json(port, '/json/version')) as Record<string, string>;
  const path = new URL(webSocketDebuggerUrl ?? 'ws://phone/devtools/browser').pathname;
  const { connection, socket } = await openSocket(
    `ws://127.0.0.1:${port}${path}`,
    'the browser on the phone is gone; keep it open and the phone plugged in',
  );
  const { targetId } = await connection.send('Target.createTarget', { url });
  const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  const close = async () => {
    await connection.send('Target.closeTarget', { targetId }).catch(() => {});
    socket.terminate();
  };
  return { evaluate: connection.evaluateIn(sessionId as string), browser: Browser ?? 'unknown', close };
}

function isInFront({ description }: Target): boolean {
  try {
    const { attached, visible, empty } = JSON.parse(description ?? '{}') as Record<string, boolean>;
    return attached !== false && visible !== false && empty !== true;
  } catch {
    return true;
  }
}

/** Attaches to the page that a WebView shows. */
export async function attachToWebView(port: number, application: string): Promise<PhonePage> {
  const { Browser } = (await json(port, '/json/version')) as Record<string, string>;
  const pages = ((await json(port, '/json/list')) as Target[]).filter(
    ({ type, webSocketDebuggerUrl }) => type === 'page' && webSocketDebuggerUrl,
  );
  const target = pages.find(isInFront) ?? pages[0];
  if (!target) throw new DeviceError(`${application}: its WebView shows no page; open the screen of the app that has it`);
  const path = new URL(target.webSocketDebuggerUrl as string).pathname;
  const { connection, socket } = await openSocket(
    `ws://127.0.0.1:${port}${path}`,
    `${application} is gone; keep it in front and the phone plugged in`,
  );
  return { evaluate: connection.evaluateIn(), browser: Browser ?? 'unknown', close: async () => socket.terminate() };
}
