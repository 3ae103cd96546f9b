/** A wire as boot loaders speak on it: so many bytes, awaited for so long. */
import { DeviceError } from '../../compiler/errors.ts';
import type { Wire } from '../serial/wire.ts';

/** Fewer bytes came in time than were awaited. */
export class Silence extends Error {}

export class ByteLine {
  private received: Uint8Array = new Uint8Array();
  private gone: Error | undefined;
  private wake: () => void = () => {};

  constructor(readonly wire: Wire) {
    wire.listen(
      (bytes) => {
        this.received = Buffer.concat([this.received, bytes]);
        this.wake();
      },
      (error) => {
        this.gone = new DeviceError(`${wire.name}: the connection is gone${error ? ` (${error.message})` : ''}; plug it in again`, 7);
        this.wake();
      },
    );
  }

  write(bytes: readonly number[] | Uint8Array): Promise<void> {
    return this.wire.write(Uint8Array.from(bytes));
  }

  /** Milliseconds that so many bytes take on the line: eight bits, parity, start and stop. */
  transferMs(bytes: number): number {
    return this.wire.baud ? (bytes * 11_000) / this.wire.baud : 0;
  }

  /**
   * The next `count` bytes.
   * @throws Silence when they do not come within `ms`; DeviceError when the line is gone.
   */
  async read(count: number, ms: number): Promise<Uint8Array> {
    const deadline = performance.now() + ms;
    while (this.received.length < count) {
      if (this.gone) throw this.gone;
      const left = deadline - performance.now();
      if (left <= 0) throw new Silence(`${this.received.length} of ${count} bytes came within ${Math.round(ms)} ms`);
      await this.arrival(left);
    }
    const bytes = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return bytes;
  }

  /** Forgets what came and what comes until nothing has come for `ms`. */
  async drain(ms: number): Promise<void> {
    do {
      this.received = new Uint8Array();
      await this.arrival(ms);
    } while (this.received.length && !this.gone);
  }

  private async arrival(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
