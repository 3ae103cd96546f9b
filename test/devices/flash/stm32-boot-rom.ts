/**
 * The boot ROM of an STM32 (ST AN3155) as the tests' counterpart, written from the document and not from the client.
 * Debian's stm32flash is the referee of it. As the hardware, it waits without end for what a command still needs, and its
 * flash can only be written where it is erased.
 */
import type { Pty } from './pty.ts';

export interface RomOptions {
  readonly productId: number;
  readonly origin: number;
  readonly flashBytes: number;
  /** Of all sectors, or of each. */
  readonly sectorBytes: number | readonly number[];
  readonly readProtected?: boolean;
  readonly writeProtected?: boolean;
}

const ACK = 0x79;
const NACK = 0x1f;
const COMMANDS = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92];

export class Stm32BootRom {
  readonly flash: Uint8Array;
  /** Address that Go was given. */
  started: number | undefined;
  /** Commands in the order in which they came. */
  readonly commands: number[] = [];
  /** Sectors in the order in which they were erased. */
  readonly erased: number[] = [];
  /** May change, or drop (undefined), the byte with this number on its way; for faults. */
  toBoard: (byte: number, index: number) => number | undefined = (byte) => byte;
  fromBoard: (byte: number, index: number) => number | undefined = (byte) => byte;

  private readonly input: number[] = [];
  private wake: () => void = () => {};
  private receivedBytes = 0;
  private sentBytes = 0;

  constructor(
    private readonly pty: Pty,
    private readonly options: RomOptions,
  ) {
    this.flash = new Uint8Array(options.flashBytes).fill(0xa5);
    pty.onData((bytes) => {
      for (const byte of bytes) {
        const arrived = this.toBoard(byte, this.receivedBytes++);
        if (arrived !== undefined) this.input.push(arrived);
      }
      this.wake();
    });
    void this.run();
  }

  private async take(count: number): Promise<number[]> {
    while (this.input.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.input.splice(0, count);
  }

  private send(...bytes: number[]): void {
    const sent = bytes.map((byte) => this.fromBoard(byte, this.sentBytes++)).filter((byte) => byte !== undefined);
    if (sent.length) this.pty.write(sent);
  }

  private async run(): Promise<never> {
    while ((await this.take(1))[0] !== 0x7f);
    this.send(ACK);
    for (;;) {
      const [code, complement] = (await this.take(2)) as [number, number];
      this.commands.push(code);
      if ((code ^ complement) !== 0xff || !COMMANDS.includes(code)) this.send(NACK);
      else if (code === 0x11 && this.options.readProtected) this.send(NACK);
      else if ((code === 0x31 || code === 0x44) && this.options.writeProtected) this.send(NACK);
      else {
        this.send(ACK);
        await this.execute(code);
      }
    }
  }

  /** Reads `count` bytes and their exclusive or; undefined after a NACK. */
  private async checked(count: number, before: readonly number[] = []): Promise<number[] | undefined> {
    const bytes = [...before, ...(await this.take(count))];
    const check = (await this.take(1))[0];
    if (bytes.reduce((x, y) => x ^ y) === check) return bytes;
    this.send(NACK);
    return undefined;
  }

  private async address(): Promise<number | undefined> {
    const bytes = await this.checked(4);
    if (!bytes) return undefined;
    const offset = Buffer.from(bytes).readUInt32BE() - this.options.origin;
    if (offset < 0 || offset >= this.flash.length) {
      this.send(NACK);
      return undefined;
    }
    this.send(ACK);
    return offset;
  }

  private async execute(code: number): Promise<void> {
    const { productId } = this.options;
    if (code === 0x00) this.send(COMMANDS.length, 0x31, ...COMMANDS, ACK);
    else if (code === 0x01) this.send(0x31, 0, 0, ACK);
    else if (code === 0x02) this.send(1, productId >>> 8, productId & 0xff, ACK);
    else if (code === 0x11) await this.read();
    else if (code === 0x31) await this.write();
    else if (code === 0x44) await this.erase();
    else if (code === 0x21) {
      const offset = await this.address();
      if (offset !== undefined) this.started = offset + this.options.origin;
    }
    // Protections: acknowledged, without effect.
    else this.send(ACK);
  }

  private startOf(sector: number): number {
    const { sectorBytes } = this.options;
    return typeof sectorBytes === 'number' ? sector * sectorBytes : sectorBytes.slice(0, sector).reduce((sum, bytes) => sum + bytes, 0);
  }

  private async read(): Promise<void> {
    const offset = await this.address();
    if (offset === undefined) return;
    const [count, complement] = (await this.take(2)) as [number, number];
    if ((count ^ complement) !== 0xff) this.send(NACK);
    else this.send(ACK, ...this.flash.subarray(offset, offset + count + 1));
  }

  private async write(): Promise<void> {
    const offset = await this.address();
    if (offset === undefined) return;
    const count = await this.take(1);
    const bytes = await this.checked((count[0] as number) + 1, count);
    if (!bytes) return;
    const content = bytes.slice(1);
    const place = this.flash.subarray(offset, offset + content.length);
    if (place.every((byte) => byte === 0xff) && content.length === place.length) {
      place.set(content);
      this.send(ACK);
    } else this.send(NACK);
  }

  private async erase(): Promise<void> {
    const count = await this.take(2);
    const number = count[0]! * 256 + count[1]!;
    if (number === 0xffff) {
      if (!(await this.checked(0, count))) return;
      this.flash.fill(0xff);
    } else {
      const bytes = await this.checked(2 * (number + 1), count);
      if (!bytes) return;
      for (let at = 2; at < bytes.length; at += 2) {
        const sector = bytes[at]! * 256 + bytes[at + 1]!;
        this.erased.push(sector);
        this.flash.fill(0xff, this.startOf(sector), this.startOf(sector + 1));
      }
    }
    this.send(ACK);
  }
}
