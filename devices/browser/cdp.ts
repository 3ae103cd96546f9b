/** A Chrome DevTools Protocol client: JSON messages over whatever carries them (a pipe here, a WebSocket on phones). */
import { DeviceError } from '../../compiler/errors.ts';
import type { Evaluate } from './engine.ts';

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class CdpConnection {
  private readonly pending = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  private nextId = 1;
  private lost: string | undefined;

  /** @param write sends one message */
  constructor(private readonly write: (message: string) => void) {}

  /** One message has come. */
  receive(message: string): void {
    const reply = JSON.parse(message) as Reply;
    const waiting = reply.id === undefined ? undefined : this.pending.get(reply.id);
    if (!waiting) return;
    this.pending.delete(reply.id as number);
    if (reply.error) waiting.reject(new DeviceError(`the browser refuses: ${reply.error.message}`, 7));
    else waiting.resolve(reply.result ?? {});
  }

  /** No message will come any more: whoever waits learns why. */
  lose(reason: string): void {
    this.lost = reason;
    for (const { reject } of this.pending.values()) reject(new DeviceError(reason, 7));
    this.pending.clear();
  }

  /** Sends one command. @throws DeviceError when the browser refuses it or is gone. */
  send(method: string, params: Record<string, unknown> = {}, sessionId?: string): Promise<Record<string, unknown>> {
    if (this.lost !== undefined) return Promise.reject(new DeviceError(this.lost, 7));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.write(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
  }

  /** Evaluates in the page that a session is attached to; without one, in the page that the connection leads to. */
  evaluateIn(sessionId?: string): Evaluate {
    return async (expression) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const reply = (await this.send('Runtime.evaluate', params, sessionId)) as {
        result: { value?: unknown };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      };
      if (reply.exceptionDetails) {
        throw new DeviceError(`in the page: ${reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text}`, 7);
      }
      return reply.result.value;
    };
  }

  /** Opens a tab. */
  async openPage(url: string): Promise<Evaluate> {
    const { targetId } = await this.send('Target.createTarget', { url });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    return this.evaluateIn(sessionId as string);
  }
}
