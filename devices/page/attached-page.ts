/** A page that a running `whittle serve` has paired, used from another process. */
import WebSocket from 'ws';
import { DeviceError } from '../../compiler/errors.ts';
import { PendingCalls } from '../pending-calls.ts';
import { type ControlState, type PageEntry, readControlState } from './control.ts';
import type { ReplyMessage } from './messages.ts';

async function request(state: ControlState, method: string, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${state.port}${path}`, { method, headers: { authorization: `Bearer ${state.key}` } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

export interface RunningServer {
  /** Of the pages. */
  readonly origin: string;
  pages(): Promise<readonly PageEntry[]>;
  invite(): Promise<string>;
  attach(id: string): Promise<AttachedPage>;
}

/** The server of a `whittle serve` on this machine; undefined when none runs. */
export async function runningServer(): Promise<RunningServer | undefined> {
  const state = readControlState();
  if (!state) return undefined;
  const server: RunningServer = {
    origin: state.origin,
    pages: async () => (await request(state, 'GET', '/pages')) as PageEntry[],
    invite: async () => (await request(state, 'POST', '/invitation')) as string,
    attach: (id) => AttachedPage.open(state, id),
  };
  // Its file stays when it is killed.
  return server.pages().then(
    () => server,
    () => undefined,
  );
}

export class AttachedPage {
  private readonly calls = new PendingCalls();

  private constructor(
    private readonly socket: WebSocket,
    readonly id: string,
  ) {
    socket.on('message', (data) => {
      const reply = JSON.parse(String(data)) as ReplyMessage;
      this.calls.settle(reply.id, reply);
    });
    socket.on('error', () => {});
    socket.on('close', () => this.calls.lose('whittle serve has ended; start it again and scan the new code'));
  }

  /** @throws DeviceError when the page is gone, or somebody uses it. */
  static async open({ port, key }: ControlState, id: string): Promise<AttachedPage> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/pages/${id}`, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      maxPayload: 0,
    });
    const page = new AttachedPage(socket, id);
    await new Promise<void>((resolve, reject) => {
      socket.once('close', (_, reason) =>
        reject(
          new DeviceError(
            String(reason) === 'busy'
              ? `page:${id} is busy: another run of whittle uses it; wait for it, or pair another`
              : `page:${id} is gone; whittle devices lists the pages that are paired`,
          ),
        ),
      );
      // A connection that is refused closes before it answers.
      socket.once('open', () => void page.call('facts', []).then(() => resolve(), reject));
    });
    return page;
  }

  call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    return this.calls.call((id) => this.socket.send(JSON.stringify({ id, name, parameters })));
  }

  async serve(name: string, content: string | Uint8Array): Promise<string> {
    const text = Buffer.from(content).toString('base64');
    return (await this.calls.call((id) => this.socket.send(JSON.stringify({ id, serve: name, content: text })))) as string;
  }

  close(): void {
    this.socket.terminate();
  }
}
