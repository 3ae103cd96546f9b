/** Calls over a connection: numbered requests, replies in any order, and one reason for all of them when the connection is lost. */
import { DeviceError } from '../compiler/errors.ts';

export class PendingCalls {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private nextId = 1;
  private lost: string | undefined;

  /** @param send writes the request with this number. @throws DeviceError when the connection is lost, before or after. */
  call(send: (id: number) => void): Promise<unknown> {
    if (this.lost !== undefined) return Promise.reject(new DeviceError(this.lost, 7));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      send(id);
    });
  }

  /** The reply to a request has come; numbers that nobody waits for are ignored. */
  settle(id: number | undefined, reply: { value: unknown } | { error: string }): void {
    const waiting = id === undefined ? undefined : this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id as number);
    if ('error' in reply) waiting.reject(new DeviceError(reply.error, 7));
    else waiting.resolve(reply.value);
  }

  /** No reply will come any more; the first reason stands. */
  lose(reason: string): void {
    this.lost ??= reason;
    for (const { reject } of this.waiting.values()) reject(new DeviceError(this.lost, 7));
    this.waiting.clear();
  }

  /** A new connection. */
  restore(): void {
    this.lost = undefined;
  }
}
