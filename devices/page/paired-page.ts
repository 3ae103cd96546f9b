/** A page that was paired: calls to it, files for it. */
import type { WebSocket } from 'ws';
import { PendingCalls } from '../pending-calls.ts';
import { type CallMessage, REPLACED, type ReplyMessage } from './messages.ts';

/** So many unanswered pings: the page is gone. It may be busy for long, though its browser answers meanwhile. */
const MISSED_PINGS_MAX = 6;

export class PairedPage {
  /** By name; only this page knows the key in their addresses. */
  readonly files = new Map<string, string | Uint8Array>();
  /** Somebody uses it: two at once would mix. */
  isBusy = false;
  private readonly calls = new PendingCalls();
  private missedPings = 0;

  /**
   * @param id for people: 1, 2 …
   * @param key for the page: to come back after the phone slept, and in the addresses of its files
   */
  constructor(
    readonly id: string,
    readonly key: string,
    readonly userAgent: string,
    private socket: WebSocket,
  ) {
    this.listen(socket);
  }

  get isConnected(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** The page has come back: what it was asked before it left will not be answered. */
  reconnect(socket: WebSocket): void {
    const old = this.socket;
    this.socket = socket;
    this.calls.lose(`page:${this.id} was opened again meanwhile; measure again`);
    this.calls.restore();
    old.close(REPLACED, 'opened again elsewhere');
    this.listen(socket);
  }

  private listen(socket: WebSocket): void {
    this.missedPings = 0;
    socket.on('pong', () => (this.missedPings = 0));
    socket.on('message', (data) => {
      let reply: ReplyMessage;
      try {
        reply = JSON.parse(String(data)) as ReplyMessage;
      } catch {
        return socket.terminate();
      }
      this.calls.settle(reply.id, 'error' in reply ? { error: `in the page: ${reply.error}` } : { value: reply.value });
    });
    socket.on('close', () => {
      if (socket === this.socket)
        this.calls.lose(`page:${this.id} is gone (closed, asleep or out of reach); keep it open with the screen on, and measure again`);
    });
  }

  /** Calls a function of page-call.ts. @throws DeviceError when it fails there, or the page is gone. */
  call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    return this.calls.call((id) => this.socket.send(JSON.stringify({ id, name, parameters } satisfies CallMessage)));
  }

  /** Makes a file available to this page and returns its address there. */
  serve(name: string, content: string | Uint8Array): string {
    this.files.set(name, content);
    return `/d/${this.key}/${name}`;
  }

  ping(): void {
    if (this.missedPings++ >= MISSED_PINGS_MAX) this.socket.terminate();
    else this.socket.ping();
  }

  end(): void {
    this.socket.terminate();
  }
}
