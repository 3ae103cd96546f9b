/** A client of the adb server, which the Android tools run on this machine (its protocol: SERVICES.TXT and OVERVIEW.TXT of adb's sources). */
import { spawnSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { DeviceError } from '../../compiler/errors.ts';
import { findProgram, type Program } from '../child-process.ts';

const program: Program = {
  title: 'adb',
  names: [
    'adb',
    ...['ANDROID_HOME', 'ANDROID_SDK_ROOT'].flatMap((name) =>
      process.env[name] ? [join(process.env[name], 'platform-tools', 'adb')] : [],
    ),
  ],
  variable: 'WHITTLE_ADB',
  fix: 'Debian: apt-get install adb; elsewhere the Android SDK platform tools',
};

export interface AdbEntry {
  readonly serial: string;
  /** device, unauthorized, offline, no permissions … */
  readonly state: string;
  readonly model?: string;
}

const TIMEOUT_MS = 20_000;

function serverPort(): number {
  return Number(process.env.ANDROID_ADB_SERVER_PORT) || 5037;
}

/** Reads what the server sends: four letters of status, then text with its length in four hexadecimal digits, then raw bytes. */
class Reader {
  private received = Buffer.alloc(0);
  private ended = false;
  private wake: (() => void) | undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (data) => {
      this.received = Buffer.concat([this.received, data]);
      this.wake?.();
    });
    const end = () => {
      this.ended = true;
      this.wake?.();
    };
    socket.on('end', end).on('close', end).on('error', end);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  }

  private async more(): Promise<void> {
    if (!this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  async bytes(count: number): Promise<string> {
    while (this.received.length < count && !this.ended) await this.more();
    if (this.received.length < count) throw new DeviceError('the adb server closed the connection; restart it: adb kill-server', 7);
    const text = this.received.toString('latin1', 0, count);
    this.received = this.received.subarray(count);
    return text;
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes(Number.parseInt(await this.bytes(4), 16)), 'latin1').toString('utf8');
  }

  /** @throws DeviceError with the server's words. */
  async okay(): Promise<void> {
    const status = await this.bytes(4);
    if (status === 'OKAY') return;
    throw new DeviceError(
      status === 'FAIL'
        ? `adb refuses: ${await this.text()}`
        : `the adb server answers "${status}"; does something else listen on port ${serverPort()}?`,
      7,
    );
  }

  async rest(): Promise<string> {
    while (!this.ended) await this.more();
    return this.received.toString('utf8');
  }

  close(): void {
    this.socket.destroy();
  }

  send(request: string): void {
    this.socket.write(`${Buffer.byteLength(request).toString(16).padStart(4, '0')}${request}`);
  }
}

async function open(): Promise<Reader | undefined> {
  const socket = connect(serverPort(), '127.0.0.1');
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  return connected ? new Reader(socket) : undefined;
}

/** Starts the server where none runs; it stays, as with every tool that uses adb. */
async function openServer(): Promise<Reader> {
  const running = await open();
  if (running) return running;
  const binary = findProgram(program);
  if (!binary)
    throw new DeviceError(`no adb found and no adb server runs; install it (${program.fix}) or set ${program.variable} to its path`);
  const started = spawnSync(binary, ['start-server'], { encoding: 'utf8', timeout: TIMEOUT_MS });
  const reader = await open();
  if (reader) return reader;
  throw new DeviceError(
    `adb start-server failed: ${`${started.stderr ?? ''}${started.error?.message ?? ''}`.trim().slice(-300)}; run it by hand`,
  );
}

/** One request to the server itself. */
async function ask<T>(request: string, read: (reader: Reader) => Promise<T>): Promise<T> {
  const reader = await openServer();
  try {
    reader.send(request);
    await reader.okay();
    return await read(reader);
  } finally {
    reader.close();
  }
}

/** Every device that adb sees, usable or not. */
export async function listDevices(): Promise<AdbEntry[]> {
  const text = await ask('host:devices-l', (reader) => reader.text());
  return text.split('\n').flatMap((line) => {
    const [, serial, state] = /^(\S+)\s+(no permissions|\S+)/.exec(line) ?? [];
    if (!serial || !state) return [];
    const model = /\bmodel:(\S+)/.exec(line)?.[1]?.replaceAll('_', ' ');
    return [{ serial, state, ...(model && { model }) }];
  });
}

/** One device that is ready. */
export class AdbDevice {
  constructor(readonly serial: string) {}

  /** A service on the device. */
  private async service<T>(request: string, read: (reader: Reader) => Promise<T>): Promise<T> {
    return ask(`host:transport:${this.serial}`, async (reader) => {
      reader.send(request);
      await reader.okay();
      return read(reader);
    });
  }

  /** What a shell command prints, standard error included. */
  shell(command: string): Promise<string> {
    return this.service(`shell:${command}`, (reader) => reader.rest());
  }

  /** Makes a socket of the device reachable here. @returns the local port */
  forward(remote: string): Promise<number> {
    return ask(`host-serial:${this.serial}:forward:tcp:0;${remote}`, async (reader) => {
      await reader.okay();
      return Number(await reader.text());
    });
  }

  removeForward(port: number): Promise<void> {
    return ask(`host-serial:${this.serial}:killforward:tcp:${port}`, async () => {});
  }

  /** Makes a local port reachable on the device. @returns the port there */
  async reverse(port: number): Promise<number> {
    try {
      return await this.service(`reverse:forward:tcp:0;tcp:${port}`, async (reader) => {
        await reader.okay();
        return Number(await reader.text());
      });
    } catch {
      // Devices before Android 8 do not choose a port.
      await this.service(`reverse:forward:tcp:${port};tcp:${port}`, (reader) => reader.okay());
      return port;
    }
  }

  async removeReverse(port: number): Promise<void> {
    await this.service(`reverse:killforward:tcp:${port}`, (reader) => reader.okay());
  }

  /** The same at once, when the process ends and there is no time for promises. */
  runAtExit(commands: readonly (readonly string[])[]): void {
    const binary = findProgram(program);
    if (binary) for (const command of commands) spawnSync(binary, ['-s', this.serial, ...command], { timeout: 2000 });
  }
}
