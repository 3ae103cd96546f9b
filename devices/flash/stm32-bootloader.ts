/**
 * The boot ROM of the STM32 on its UART (ST AN3155): 8 data bits, even parity. A command is a byte and its complement; the
 * ROM acknowledges (79) or refuses (1f) each part and waits for the next one without end. It has no check over what it
 * sends, so that whoever reads compares.
 */
import { DeviceError } from '../../compiler/errors.ts';
import type { Wire } from '../serial/wire.ts';
import { ByteLine, Silence } from './byte-line.ts';
import { hexAddress } from './segments.ts';

const SYNCHRONIZE = 0x7f;
const ACK = 0x79;
const NACK = 0x1f;

const GET = 0x00;
const GET_ID = 0x02;
const READ = 0x11;
const GO = 0x21;
const WRITE = 0x31;
const ERASE = 0x43;
const EXTENDED_ERASE = 0x44;

/** Bytes that one command reads or writes. */
export const BLOCK_BYTES = 256;

const ATTEMPTS = 5;
/** A sector of 128 KB takes an STM32F4 four seconds at most. */
const SECTOR_MS = 5000;

/** The ROM answered NACK; `atCommand`: to the command itself, not to its parameters. */
class Refusal extends Error {
  constructor(readonly atCommand: boolean) {
    super('the boot ROM refused it (NACK)');
  }
}

/** The ROM answered neither ACK nor NACK. */
class Garbled extends Error {}

function exclusiveOr(bytes: Iterable<number>): number {
  let result = 0;
  for (const byte of bytes) result ^= byte;
  return result;
}

function withCheck(bytes: readonly number[]): number[] {
  return [...bytes, exclusiveOr(bytes)];
}

function addressBytes(address: number): number[] {
  return withCheck([address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff]);
}

export interface BootloaderOptions {
  /** How to get the ROM to listen, for when it does not. */
  readonly entry: string;
  /** How long an answer may take. */
  readonly answerMs?: number;
}

export class Stm32Bootloader {
  private commands: ReadonlySet<number> = new Set();
  /** Of the protocol, as 0x31 for 3.1. */
  version = 0;

  private constructor(
    private readonly line: ByteLine,
    private readonly answerMs: number,
  ) {}

  /** @throws DeviceError when nothing answers, with how to get the ROM to listen. */
  static async connect(wire: Wire, { entry, answerMs = 1000 }: BootloaderOptions): Promise<Stm32Bootloader> {
    const loader = new Stm32Bootloader(new ByteLine(wire), answerMs);
    await loader.synchronize(entry);
    await loader.repeat('Get', async () => {
      const [version, ...commands] = await loader.list(GET);
      loader.version = version as number;
      loader.commands = new Set(commands);
    });
    return loader;
  }

  /** The product identifier of the chip (AN2606). */
  getId(): Promise<number> {
    return this.repeat('Get ID', async () => (await this.list(GET_ID)).reduce((id, byte) => id * 256 + byte, 0));
  }

  /** @param bytes 1 to 256 */
  read(address: number, bytes: number): Promise<Uint8Array> {
    return this.repeat(`reading ${hexAddress(address)}`, () => this.readOnce(address, bytes), [
      'the flash is protected against reading (RDP); removing the protection erases all of it',
      `stm32flash -k ${this.line.wire.name}`,
    ]);
  }

  /** @param content 4 to 256 bytes, a multiple of 4, for erased flash */
  async write(address: number, content: Uint8Array): Promise<void> {
    let tried = false;
    const attempt = async () => {
      // What was acknowledged in vain is written; some flashes refuse to be written twice.
      if (tried && Buffer.from(content).equals(await this.readOnce(address, content.length))) return;
      tried = true;
      await this.command(WRITE);
      await this.send(addressBytes(address));
      await this.send(withCheck([content.length - 1, ...content]));
    };
    await this.repeat(`writing ${hexAddress(address)}`, attempt, [
      'the flash is protected against writing (WRP or RDP)',
      `stm32flash -u ${this.line.wire.name} (or -k, which erases all of it)`,
    ]);
  }

  /** @param sectors their numbers; a few at a time, as there is no answer before all are erased */
  async erase(sectors: readonly number[]): Promise<void> {
    const extended = this.commands.has(EXTENDED_ERASE);
    const count = sectors.length - 1;
    const list = extended
      ? [count >>> 8, count & 0xff, ...sectors.flatMap((sector) => [sector >>> 8, sector & 0xff])]
      : [count, ...sectors];
    const attempt = async () => {
      await this.command(extended ? EXTENDED_ERASE : ERASE);
      await this.send(withCheck(list), SECTOR_MS * sectors.length);
    };
    await this.repeat(`erasing sectors ${sectors.join(', ')}`, attempt, [
      'the flash is protected (WRP or RDP)',
      `stm32flash -u ${this.line.wire.name} (or -k, which erases all of it)`,
    ]);
  }

  /** Starts what lies there: its first word is the stack, its second the entry. */
  go(address: number): Promise<void> {
    return this.repeat(`starting ${hexAddress(address)}`, async () => {
      await this.command(GO);
      await this.send(addressBytes(address));
    });
  }

  private async synchronize(entry: string): Promise<void> {
    let heard = 0;
    for (let attempt = 0; attempt < 2 * ATTEMPTS; attempt++) {
      await this.line.write([SYNCHRONIZE]);
      try {
        const [answer] = await this.line.read(1, this.answerMs / 2);
        // It was listening already, and took this for a command.
        if (answer === ACK || answer === NACK) return await this.line.drain(this.answerMs / 20);
        heard++;
        await this.line.drain(this.answerMs / 20);
      } catch (error) {
        if (!(error instanceof Silence)) throw error;
      }
    }
    const what = heard ? 'something talks, but it is not the boot ROM of an STM32' : 'the boot ROM does not answer';
    throw new DeviceError(`${this.line.wire.name}: ${what}; ${entry}, then run this again`, 7);
  }

  /** Waits for ACK. */
  private async acknowledgement(atCommand: boolean, ms = this.answerMs): Promise<void> {
    const [answer] = await this.line.read(1, ms);
    if (answer === NACK) throw new Refusal(atCommand);
    if (answer !== ACK) throw new Garbled(`the boot ROM answered ${answer?.toString(16)} instead of ACK`);
  }

  private async command(code: number): Promise<void> {
    await this.line.write([code, ~code & 0xff]);
    await this.acknowledgement(true);
  }

  private async send(bytes: readonly number[], ms = this.answerMs): Promise<void> {
    await this.line.write(bytes);
    await this.acknowledgement(false, ms + this.line.transferMs(bytes.length));
  }

  /** Answer of Get and Get ID: count - 1, the bytes, ACK. */
  private async list(code: number): Promise<number[]> {
    await this.command(code);
    const [count] = await this.line.read(1, this.answerMs);
    const bytes = await this.line.read((count as number) + 1, this.answerMs);
    await this.acknowledgement(false);
    return [...bytes];
  }

  private async readOnce(address: number, bytes: number): Promise<Uint8Array> {
    await this.command(READ);
    await this.send(addressBytes(address));
    await this.send([bytes - 1, ~(bytes - 1) & 0xff]);
    return this.line.read(bytes, this.answerMs + this.line.transferMs(bytes));
  }

  /**
   * Tries until it is done.
   * @param protection what it means when the ROM refuses the command itself every time, and what removes that
   */
  private async repeat<T>(what: string, attempt: () => Promise<T>, protection?: readonly [string, string]): Promise<T> {
    let last: unknown;
    let refused = 0;
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Refusal || error instanceof Garbled || error instanceof Silence)) throw error;
        last = error;
        if (error instanceof Refusal && error.atCommand) refused++;
        // After a refusal, too: a byte that came twice or never shifts all commands behind it.
        await this.resynchronize(what);
      }
    }
    const { name } = this.line.wire;
    if (refused === ATTEMPTS && protection) {
      const [meaning, remedy] = protection;
      throw new DeviceError(`${name}: ${what}: ${meaning}; type: ${remedy}`, 7);
    }
    throw new DeviceError(`${name}: ${what} failed ${ATTEMPTS} times: ${(last as Error).message}; check cable and ground`, 7);
  }

  /**
   * Gets the ROM back to where it awaits a command: of all that it may be waiting for none has a valid check when it is
   * filled with ff, and NACK then says that it starts anew. Byte by byte, so that none is left for the next command.
   */
  private async resynchronize(what: string): Promise<void> {
    await this.line.drain(this.answerMs / 20);
    for (let sent = 0; sent < BLOCK_BYTES + 3; sent++) {
      await this.line.write([0xff]);
      try {
        // Mostly the second byte is refused; what is waiting for a whole block is filled quickly.
        const [answer] = await this.line.read(1, sent < 4 ? this.answerMs / 2 : this.answerMs / 20);
        if (answer === NACK) return await this.line.drain(this.answerMs / 20);
      } catch (error) {
        if (!(error instanceof Silence)) throw error;
      }
    }
    throw new DeviceError(`${this.line.wire.name}: ${what}: the boot ROM does not answer any more; reset the board and run this again`, 7);
  }
}
