/** A Chrome DevTools Protocol client: JSON messages over whatever carries them (a pipe here, a WebSocket on phones). */
import { DeviceError } from '../../compiler/errors.ts';
import { PendingCalls } from '../pending-calls.ts';
import type { Evaluate } from './engine.ts';

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class CdpConnection {
  private readonly calls = new PendingCalls();

  /** @param write sends one message */
  constructor(private readonly write: (message: string) => void) {}

  /** One message has come. */
  receive(message: string): void {
    const { id, result, error } = JSON.parse(message) as Reply;
    this.calls.settle(id, error ? { error: `the browser refuses: ${error.message}` } : { value: result ?? {} });
  }

  /** No message will come any more: whoever waits learns why. */
  lose(reason: string): void {
    this.calls.lose(reason);
  }

  /** Sends one command. @throws DeviceError when the browser refuses it or is gone. */
  async send(method: string, params: Record<string, unknown> = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const result = await this.calls.call((id) => this.write(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })));
    return result as Record<string, unknown>;
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
