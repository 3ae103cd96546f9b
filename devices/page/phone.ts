/** Runs in a page that a person opened by its code; bundled to dist/phone.js. Its worker is this file again. */
import { pageCall, serveWorker } from '../browser/page-call.ts';
import { type CallMessage, type Hello, type Paired, REFUSED, REPLACED, type ReplyMessage } from './messages.ts';

const RETRY_MS = 1000;

function element(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

function status(text: string): void {
  element('status').textContent = text;
}

/** Keeps the screen on where the browser lets a page ask for it: only on secure origins, and only in front. */
let lock: WakeLockSentinel | undefined;

async function keepAwake(): Promise<void> {
  if (document.visibilityState !== 'visible') return;
  lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
  element('awake').hidden = lock !== undefined;
}

function start(): void {
  const token = location.pathname.split('/').at(-1) as string;
  const keyName = `whittle ${token}`;
  const call = pageCall({
    workerScript: '/phone.js',
    conditions: () => ({ wakeLock: lock !== undefined && !lock.released }),
  });
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/pair`);
    const key = sessionStorage.getItem(keyName);
    socket.onopen = () => socket.send(JSON.stringify((key === null ? { token } : { key }) satisfies Hello));
    socket.onmessage = async ({ data }) => {
      const message = JSON.parse(data) as Paired | CallMessage;
      if ('paired' in message) {
        sessionStorage.setItem(keyName, message.paired.key);
        status(`Paired as page:${message.paired.id}. Keep this page open and in front.`);
        return;
      }
      const { id, name, parameters } = message;
      const reply: ReplyMessage = await call(name as Parameters<typeof call>[0], ...parameters).then(
        (value) => ({ id, value: value ?? null }),
        (error) => ({ id, error: String(error?.message ?? error) }),
      );
      socket.send(JSON.stringify(reply));
    };
    socket.onclose = ({ code, reason }) => {
      if (code === REFUSED || code === REPLACED) {
        status(`${reason}.`);
        return;
      }
      status('The computer does not answer; trying again …');
      setTimeout(connect, RETRY_MS);
    };
  };
  document.addEventListener('visibilitychange', () => void keepAwake());
  void keepAwake();
  connect();
}

if (typeof document === 'undefined') serveWorker();
else start();
