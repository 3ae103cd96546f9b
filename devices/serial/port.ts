/** Opens serial ports. */
import { setTimeout as wait } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { DeviceError } from '../../compiler/errors.ts';
import type { Wire } from './wire.ts';

export const DEFAULT_BAUD = 115200;

export interface PortOptions {
  readonly baud?: number;
  /** Whether bits per second have a meaning there; false on a pseudo-terminal. */
  readonly timed?: boolean;
  readonly parity?: 'none' | 'even';
}

/**
 * A busy port is asked again for so long: a program may only look at it (ModemManager at every new one), and a child process has
 * its parent's files, with their locks, from its fork to its exec.
 */
const BUSY_MS = 2_000;
const ASKED_AGAIN_MS = 20;

function isBusy({ message }: Error): boolean {
  return /lock|busy|temporarily unavailable|EBUSY/i.test(message);
}

function explainOpenError(path: string, error: Error): DeviceError {
  const { message } = error;
  const what = (() => {
    if (/permission denied|access denied|EACCES/i.test(message))
      return process.platform === 'linux'
        ? 'you may not use this port; type: sudo usermod -aG dialout $USER, then log in again'
        : 'you may not use this port; another program may hold it';
    if (isBusy(error)) return `another program has the port open; close it (on Linux, fuser ${path} says which)`;
    if (/no such file|ENOENT|file not found/i.test(message)) return 'there is no such port; whittle devices lists those that exist';
    return `cannot be opened (${message}); whittle devices lists the ports`;
  })();
  return new DeviceError(`${path}: ${what}`);
}

/** A port that has not taken what was written for so long is dead: no device here stops the host's bytes. */
const STALLED_MS = 30_000;

/** A call of serialport's as a promise. */
function called(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/** A serial port, with what only boot loaders need beside its bytes. */
export class PortWire implements Wire {
  private closing = false;

  constructor(
    private readonly port: SerialPort,
    readonly name: string,
    readonly baud: number,
  ) {}

  /** Milliseconds that a byte takes: start, eight bits, parity, stop. */
  private get byteMs(): number {
    return this.baud ? 11_000 / this.baud : 0;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await called((done) => {
        // serialport keeps what is written to a port that is gone, without a word, and may miss that it went.
        const give = (why: string) => finish(new Error(why));
        const lost = () => give('the connection is gone');
        const timer = setTimeout(give, STALLED_MS + bytes.length * this.byteMs, 'it takes no bytes any more');
        const finish = (error?: Error | null) => {
          clearTimeout(timer);
          this.port.off('close', lost);
          done(error);
        };
        if (!this.port.isOpen) return lost();
        this.port.once('close', lost);
        this.port.write(bytes, finish);
      });
    } catch (error) {
      throw new DeviceError(`${this.name}: cannot be written (${(error as Error).message}); plug the board in again`, 7);
    }
  }

  listen(onData: (bytes: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.port.on('data', onData);
    this.port.on('close', (error?: Error) => {
      if (!this.closing) onEnd(error);
    });
    // What fails is told by write and close; without a listener it would end the process.
    this.port.on('error', () => {});
  }

  /** Lines that boards take for reset and boot mode; a pseudo-terminal has none. */
  async setLines(lines: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void> {
    await called((done) => this.port.set(lines, done)).catch(() => {});
  }

  async setBaud(baudRate: number): Promise<void> {
    await called((done) => this.port.update({ baudRate }, done));
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.port.isOpen) await called((done) => this.port.close(done)).catch(() => {});
  }
}

/** @throws DeviceError with what to do when the port is missing, busy or forbidden. */
export async function openPort(path: string, { baud = DEFAULT_BAUD, timed = true, parity = 'none' }: PortOptions = {}): Promise<PortWire> {
  const port = new SerialPort({ path, baudRate: baud, parity, autoOpen: false, lock: true });
  const patience = performance.now() + BUSY_MS;
  for (;;)
    try {
      await called((done) => port.open(done));
      break;
    } catch (error) {
      if (!isBusy(error as Error) || performance.now() > patience) throw explainOpenError(path, error as Error);
      await wait(ASKED_AGAIN_MS);
    }
  const wire = new PortWire(port, path, timed ? baud : 0);
  // Boards that take RTS and DTR for reset run with both released.
  await wire.setLines({ dtr: true, rts: false });
  await called((done) => port.flush(done)).catch(() => {});
  return wire;
}
