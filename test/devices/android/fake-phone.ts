/**
 * An Android phone as adb sees it: the device side of adb's transport protocol (adb's protocol.txt), over TCP, so that the
 * real adb server talks to it. Its DevTools sockets lead to a real Chromium, its `reverse` ports really listen.
 */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

const command = (name: string) => Buffer.from(name).readUInt32LE();
const [CNXN, AUTH, OPEN, OKAY, WRTE, CLSE] = ['CNXN', 'AUTH', 'OPEN', 'OKAY', 'WRTE', 'CLSE'].map(command) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const VERSION = 0x01000000;
const MAX_PAYLOAD = 4096;
const AUTH_TOKEN = 1;
const AUTH_PUBLIC_KEY = 3;
const HEADER_BYTES = 24;

export interface FakePhoneOptions {
  /** What a shell command prints; undefined: `not found`. */
  readonly shell: (command: string) => string | undefined;
  /** DevTools socket by name → port here. */
  readonly sockets?: Readonly<Record<string, number>>;
  /** `unauthorized`: nobody has allowed this computer; `offline`: it does not answer. */
  readonly state?: 'device' | 'unauthorized' | 'offline';
  /** Android 7 and older: the host chooses the port of `reverse`. */
  readonly choosesReversePort?: boolean;
}

/** One service that the host has opened, or a connection to a reversed port. */
interface Stream {
  readonly local: number;
  remote: number;
  readonly socket?: Socket;
  /** What waits until the host is ready for more. */
  readonly queue: Buffer[];
  isReady: boolean;
  isEnding: boolean;
}

function packet(name: number, a: number, b: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const sum = data.reduce((total, byte) => (total + byte) >>> 0, 0);
  [name, a, b, data.length, sum, (name ^ 0xffffffff) >>> 0].forEach((word, i) => header.writeUInt32LE(word, 4 * i));
  return Buffer.concat([header, data]);
}

class Connection {
  private received = Buffer.alloc(0);
  private readonly streams = new Map<number, Stream>();
  private readonly reversed = new Map<number, Server>();
  private nextId = 1;

  constructor(
    private readonly socket: Socket,
    private readonly options: FakePhoneOptions,
  ) {
    socket.on('data', (data) => this.receive(data));
    socket.on('error', () => {});
    socket.on('close', () => this.end());
  }

  end(): void {
    for (const server of this.reversed.values()) server.close();
    for (const { socket } of this.streams.values()) socket?.destroy();
    this.socket.destroy();
  }

  get reversedPorts(): number[] {
    return [...this.reversed.keys()];
  }

  private send(name: number, a: number, b: number, data?: Buffer): void {
    this.socket.write(packet(name, a, b, data));
  }

  private receive(data: Buffer): void {
    this.received = Buffer.concat([this.received, data]);
    while (this.received.length >= HEADER_BYTES) {
      const [name, a, b, length] = [0, 4, 8, 12].map((at) => this.received.readUInt32LE(at)) as [number, number, number, number];
      if (this.received.length < HEADER_BYTES + length) return;
      const payload = this.received.subarray(HEADER_BYTES, HEADER_BYTES + length);
      this.received = this.received.subarray(HEADER_BYTES + length);
      this.handle(name, a, b, payload);
    }
  }

  private handle(name: number, a: number, b: number, payload: Buffer): void {
    // A public key waits for the person at the phone, who is not there.
    if (name === CNXN || (name === AUTH && a !== AUTH_PUBLIC_KEY)) this.greet();
    else if (name === OPEN) this.open(a, payload.toString().replace(/\0$/, ''));
    else {
      const stream = this.streams.get(b);
      if (!stream) return;
      if (name === WRTE) {
        stream.socket?.write(payload);
        this.send(OKAY, stream.local, stream.remote);
      } else if (name === OKAY) {
        stream.remote = a;
        stream.isReady = true;
        this.flush(stream);
      } else if (name === CLSE) {
        stream.socket?.destroy();
        this.streams.delete(stream.local);
      }
    }
  }

  private greet(): void {
    if (this.options.state === 'offline') return;
    if (this.options.state === 'unauthorized') this.send(AUTH, AUTH_TOKEN, 0, Buffer.alloc(20, 7));
    else
      this.send(
        CNXN,
        VERSION,
        MAX_PAYLOAD,
        Buffer.from('device::ro.product.name=fake;ro.product.model=Fake Phone;ro.product.device=fake;features=cmd\0'),
      );
  }

  private open(remote: number, service: string): void {
    const local = this.nextId++;
    const stream: Stream = { local, remote, queue: [], isReady: true, isEnding: false };
    const [, kind, rest] = /^([^:,]+)[:,](.*)$/s.exec(service) as unknown as [string, string, string];
    if (kind === 'localabstract') {
      const port = this.options.sockets?.[rest];
      if (port === undefined) this.send(CLSE, 0, remote);
      else this.join({ ...stream, socket: connect(port, '127.0.0.1') }, () => this.send(OKAY, local, remote));
      return;
    }
    this.streams.set(local, stream);
    this.send(OKAY, local, remote);
    if (kind === 'shell') this.write(stream, Buffer.from(this.runShell(rest)), true);
    else if (kind === 'reverse') void this.reverse(rest).then((answer) => this.write(stream, Buffer.from(answer), true));
    else this.close(stream);
  }

  private runShell(line: string): string {
    return line
      .split(';')
      .map((one) => one.trim().replace(/ 2>\/dev\/null$/, ''))
      .map((one) =>
        one.startsWith('echo ') ? `${one.slice(5)}\n` : (this.options.shell(one) ?? `/system/bin/sh: ${one.split(' ')[0]}: not found\n`),
      )
      .join('');
  }

  /** Carries a TCP connection of the phone over the transport. */
  private join(stream: Stream, whenConnected: () => void): void {
    const socket = stream.socket as Socket;
    this.streams.set(stream.local, stream);
    socket.on('connect', whenConnected);
    socket.on('data', (data) => this.write(stream, data));
    socket.on('error', () => {});
    socket.on('close', () => this.write(stream, Buffer.alloc(0), true));
  }

  private write(stream: Stream, data: Buffer, isLast = false): void {
    for (let at = 0; at < data.length; at += MAX_PAYLOAD) stream.queue.push(data.subarray(at, at + MAX_PAYLOAD));
    stream.isEnding ||= isLast;
    this.flush(stream);
  }

  /** One packet at a time: the host says when it is ready for the next. */
  private flush(stream: Stream): void {
    if (!stream.isReady) return;
    const next = stream.queue.shift();
    if (next) {
      stream.isReady = false;
      this.send(WRTE, stream.local, stream.remote, next);
    } else if (stream.isEnding) this.close(stream);
  }

  private close(stream: Stream): void {
    if (this.streams.delete(stream.local)) this.send(CLSE, stream.local, stream.remote);
  }

  /** `forward:tcp:0;tcp:P`: listens on the phone, answers with the port. */
  private async reverse(request: string): Promise<string> {
    const [, verb, from, to] = /^(forward|killforward):tcp:(\d+)(?:;(.*))?$/.exec(request) as unknown as [string, string, string, string];
    if (verb === 'killforward') {
      this.reversed.get(Number(from))?.close();
      return this.reversed.delete(Number(from)) ? 'OKAY' : 'FAIL000cno such port';
    }
    if (from === '0' && this.options.choosesReversePort === false) return 'FAIL0009cannot bi';
    const server = createServer((socket) => {
      const stream: Stream = { local: this.nextId++, remote: 0, socket, queue: [], isReady: false, isEnding: false };
      this.join(stream, () => {});
      this.send(OPEN, stream.local, 0, Buffer.from(`${to}\0`));
    });
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(Number(from), '127.0.0.1', resolve));
    } catch {
      return 'FAIL0006in use';
    }
    const { port } = server.address() as AddressInfo;
    this.reversed.set(port, server);
    return from === '0' ? `OKAY${String(port).length.toString(16).padStart(4, '0')}${port}` : 'OKAY';
  }
}

export class FakePhone {
  private readonly connections: Connection[] = [];

  private constructor(private readonly server: Server) {}

  static async start(options: FakePhoneOptions): Promise<FakePhone> {
    const server = createServer();
    const phone = new FakePhone(server);
    server.on('connection', (socket) => phone.connections.push(new Connection(socket, options)));
    // adb takes ports 5555 to 5585 for emulators, and adds them a second time by itself.
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return phone;
  }

  get serial(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ports that adb reverse has opened on the phone. */
  get reversedPorts(): number[] {
    return this.connections.flatMap((connection) => connection.reversedPorts);
  }

  /** Pulls the cable. */
  async stop(): Promise<void> {
    for (const connection of this.connections) connection.end();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
