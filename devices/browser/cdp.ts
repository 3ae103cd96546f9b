/** A Chrome DevTools Protocol client over the browser's own pipe (`--remote-debugging-pipe`): JSON messages, each ended by a zero byte. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DeviceError } from '../../compiler/errors.ts';

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-extensions',
  '--mute-audio',
  '--remote-debugging-pipe',
];

/** One running browser; `close` ends its process and removes its profile. */
export class CdpBrowser {
  private readonly pending = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  private nextId = 1;
  private received = '';
  private readonly exited: Promise<void>;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
  ) {
    const input = process.stdio[4] as Readable;
    input.setEncoding('utf8');
    input.on('data', (text: string) => this.receive(text));
    (process.stdio[3] as Writable).on('error', () => {});
    this.exited = new Promise((resolve) => {
      const end = (reason: string) => {
        for (const { reject } of this.pending.values())
          reject(new DeviceError(`the browser ${reason}; run it by hand to see why: ${process.spawnfile}`, 7));
        this.pending.clear();
        resolve();
      };
      process.once('error', (error) => end(`cannot be started (${error.message})`));
      process.once('exit', (code, signal) => end(`ended (${signal ?? `exit code ${code}`})`));
    });
  }

  static launch(binary: string): CdpBrowser {
    const profile = mkdtempSync(join(tmpdir(), 'whittle-chromium-'));
    const child = spawn(binary, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    return new CdpBrowser(child, profile);
  }

  private receive(text: string): void {
    this.received += text;
    const messages = this.received.split('\0');
    this.received = messages.pop() as string;
    for (const message of messages) {
      const reply = JSON.parse(message) as Reply;
      const waiting = reply.id === undefined ? undefined : this.pending.get(reply.id);
      if (!waiting) continue;
      this.pending.delete(reply.id as number);
      if (reply.error) waiting.reject(new DeviceError(`the browser refuses: ${reply.error.message}`, 7));
      else waiting.resolve(reply.result ?? {});
    }
  }

  /** Sends one command. @throws DeviceError when the browser refuses it or is gone. */
  send(method: string, params: Record<string, unknown> = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      (this.process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    });
  }

  /** Opens a tab on `url` and returns a function that evaluates an async expression in it. */
  async openPage(url: string): Promise<(expression: string) => Promise<unknown>> {
    const { targetId } = await this.send('Target.createTarget', { url });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    return async (expression) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const reply = (await this.send('Runtime.evaluate', params, sessionId as string)) as {
        result: { value?: unknown };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      };
      if (reply.exceptionDetails) {
        throw new DeviceError(`in the page: ${reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text}`, 7);
      }
      return reply.result.value;
    };
  }

  async close(): Promise<void> {
    await Promise.race([this.send('Browser.close').catch(() => {}), this.exited]);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 3000);
    await this.exited;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
