/**
 * The boot ROM of an ESP32-C3 or S3 as esptool-js's counterpart, written from Espressif's "Serial Protocol" (esptool
 * documentation): SLIP frames; registers, RAM, plain and compressed flash, MD5; the stub once it was loaded and started.
 */
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import type { Pty } from './pty.ts';

export interface EspRomOptions {
  /** As GET_SECURITY_INFO tells it: 5 is an ESP32-C3, 9 an S3. */
  readonly chipId: number;
  readonly flashBytes: number;
  /** Register block of the flash's SPI: commands to the flash run over it. */
  readonly spi: number;
  readonly secureDownload?: boolean;
}

const FLASH_BEGIN = 0x02;
const FLASH_DATA = 0x03;
const FLASH_END = 0x04;
const MEM_BEGIN = 0x05;
const MEM_END = 0x06;
const MEM_DATA = 0x07;
const SYNC = 0x08;
const WRITE_REG = 0x09;
const READ_REG = 0x0a;
const SPI_SET_PARAMS = 0x0b;
const SPI_ATTACH = 0x0d;
const CHANGE_BAUD = 0x0f;
const DEFLATE_BEGIN = 0x10;
const DEFLATE_DATA = 0x11;
const DEFLATE_END = 0x12;
const FLASH_MD5 = 0x13;
const SECURITY_INFO = 0x14;
const READ_FLASH = 0xd2;

const INVALID = 0x05;
const FAILED = 0x06;
const WRONG_CHECKSUM = 0x07;

const SECTOR = 4096;
const ROM_BLOCK = 0x400;

/** What flash_begin announced. */
interface Download {
  readonly compressed: boolean;
  readonly offset: number;
  readonly blocks: number;
  readonly received: Uint8Array[];
}

function slip(body: Uint8Array): Uint8Array {
  const escaped = [...body].flatMap((byte) => (byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte]));
  return Uint8Array.from([0xc0, ...escaped, 0xc0]);
}

export class EspBootRom {
  readonly flash: Uint8Array;
  readonly commands: number[] = [];
  isStub = false;
  /** May refuse a command with an error code, or not answer it (undefined); for faults. */
  fault: (command: number, count: number) => number | undefined = () => 0;
  /** Changes what a block becomes in the flash. */
  damage: (block: Uint8Array) => Uint8Array = (block) => block;

  private readonly registers = new Map<number, number>();
  private frame: number[] | undefined;
  private escaping = false;
  private download: Download | undefined;
  private memory: { address: number; bytes: number; blocks: number; next: number } | undefined;
  private readonly loaded: { address: number; bytes: number }[] = [];
  private attached = false;
  private sentBytes = 0;

  constructor(
    private readonly pty: Pty,
    private readonly options: EspRomOptions,
  ) {
    this.flash = new Uint8Array(options.flashBytes).fill(0xa5);
    pty.onData((bytes) => {
      for (const byte of bytes) this.receive(byte);
    });
  }

  private receive(byte: number): void {
    if (byte === 0xc0) {
      if (this.frame?.length) this.execute(Buffer.from(this.frame));
      this.frame = [];
    } else if (byte === 0xdb) this.escaping = true;
    else {
      this.frame?.push(this.escaping ? (byte === 0xdc ? 0xc0 : 0xdb) : byte);
      this.escaping = false;
    }
  }

  private answer(command: number, { value = 0, data = [] as Iterable<number>, error = 0 }): void {
    // The ROM pads its status to four bytes.
    const status = [error ? 1 : 0, error, ...(this.isStub ? [] : [0, 0])];
    const payload = Buffer.from([...data, ...status]);
    const header = Buffer.alloc(8);
    header[0] = 1;
    header[1] = command;
    header.writeUInt16LE(payload.length, 2);
    header.writeUInt32LE(value >>> 0, 4);
    this.pty.write(slip(Buffer.concat([header, payload])));
  }

  private execute(packet: Buffer): void {
    // While flash is read, a packet is the number of bytes that have arrived.
    if (packet.length === 4 && this.sentBytes) return;
    const [direction, command] = packet as unknown as [number, number];
    const data = packet.subarray(8);
    if (direction !== 0 || data.length !== packet.readUInt16LE(2)) return;
    this.commands.push(command);
    const error = this.fault(command, this.commands.filter((other) => other === command).length);
    if (error === undefined) return;
    if (error) this.answer(command, { error });
    else this.carryOut(command, packet, data);
  }

  private carryOut(command: number, packet: Buffer, data: Buffer): void {
    const word = (index: number) => data.readUInt32LE(index * 4);
    const isSecured = this.options.secureDownload && [READ_REG, WRITE_REG, MEM_BEGIN, MEM_DATA, MEM_END, FLASH_MD5].includes(command);
    if (isSecured) this.answer(command, { error: INVALID });
    else if (command === SYNC) for (let i = 0; i < (this.isStub ? 1 : 8); i++) this.answer(SYNC, { value: this.isStub ? 0 : 0x20120707 });
    else if (command === SECURITY_INFO) this.answer(command, { data: this.securityInfo() });
    else if (command === READ_REG) this.answer(command, { value: this.registers.get(word(0)) ?? 0 });
    else if (command === WRITE_REG) this.writeRegister(word(0), word(1));
    else if (command === SPI_ATTACH || command === SPI_SET_PARAMS) {
      this.attached = true;
      this.answer(command, { error: command === SPI_SET_PARAMS && word(1) !== this.flash.length ? FAILED : 0 });
    } else if (command === CHANGE_BAUD) this.answer(command, {});
    else if (command === MEM_BEGIN) {
      this.memory = { bytes: word(0), blocks: word(1), address: word(3), next: 0 };
      this.answer(command, {});
    } else if (command === MEM_DATA) this.writeMemory(packet);
    else if (command === MEM_END) this.startStub(word(1));
    else if (command === FLASH_BEGIN || command === DEFLATE_BEGIN) this.begin(command, data);
    else if (command === FLASH_DATA || command === DEFLATE_DATA) this.block(packet);
    else if (command === FLASH_END || command === DEFLATE_END) this.answer(command, {});
    else if (command === FLASH_MD5) this.md5(word(0), word(1));
    else if (command === READ_FLASH && this.isStub) this.readFlash(word(0), word(1), word(2));
    else this.answer(command, { error: INVALID });
  }

  private securityInfo(): Uint8Array {
    const bytes = Buffer.alloc(20);
    bytes.writeUInt32LE(this.options.secureDownload ? 1 << 2 : 0, 0);
    bytes.writeUInt32LE(this.options.chipId, 12);
    return bytes;
  }

  /** Writing USR into the command register runs what W0 and USR2 hold: reading the flash's identity is known. */
  private writeRegister(address: number, value: number): void {
    const { spi } = this.options;
    this.registers.set(address, value);
    if (address === spi && value & (1 << 18)) {
      const capacity = Math.log2(this.flash.length);
      if (((this.registers.get(spi + 0x20) ?? 0) & 0xff) === 0x9f) this.registers.set(spi + 0x58, 0x4020 | (capacity << 16));
      this.registers.set(spi, 0);
    }
    this.answer(WRITE_REG, {});
  }

  private payload(packet: Buffer): { content: Buffer; sequence: number; error: number } {
    const content = packet.subarray(24);
    const checksum = content.reduce((sum, byte) => sum ^ byte, 0xef);
    const isWhole = packet.readUInt32LE(8) === content.length && packet.readUInt32LE(4) === checksum;
    return { content, sequence: packet.readUInt32LE(12), error: isWhole ? 0 : WRONG_CHECKSUM };
  }

  private writeMemory(packet: Buffer): void {
    const { content, sequence, error } = this.payload(packet);
    const { memory } = this;
    const isNext = memory && sequence === memory.next++;
    if (memory && isNext && !error && memory.next === memory.blocks) this.loaded.push({ address: memory.address, bytes: memory.bytes });
    this.answer(MEM_DATA, { error: error || (isNext && content.length ? 0 : FAILED) });
  }

  private startStub(entry: number): void {
    const isLoaded = this.loaded.some(({ address, bytes }) => entry >= address && entry < address + bytes);
    this.answer(MEM_END, { error: isLoaded ? 0 : FAILED });
    if (!isLoaded) return;
    this.isStub = true;
    this.pty.write(slip(Buffer.from('OHAI')));
  }

  private begin(command: number, data: Buffer): void {
    const [eraseBytes, blocks, blockBytes, offset] = [0, 4, 8, 12].map((at) => data.readUInt32LE(at)) as [number, number, number, number];
    const isReady = this.isStub || (this.attached && blockBytes <= ROM_BLOCK && data.length === 20);
    const isPossible = isReady && offset % SECTOR === 0 && offset + eraseBytes <= this.flash.length;
    if (isPossible) {
      this.flash.fill(0xff, offset, Math.ceil((offset + eraseBytes) / SECTOR) * SECTOR);
      this.download = { compressed: command === DEFLATE_BEGIN, offset, blocks, received: [] };
    }
    this.answer(command, { error: isPossible ? 0 : FAILED });
  }

  private block(packet: Buffer): void {
    const { download } = this;
    const { content, sequence, error } = this.payload(packet);
    const isExpected = download && download.compressed === (packet[1] === DEFLATE_DATA) && sequence === download.received.length;
    this.answer(packet[1] as number, { error: error || (isExpected ? 0 : FAILED) });
    if (error || !isExpected) return;
    download.received.push(content);
    if (download.received.length === download.blocks) {
      const all = Buffer.concat(download.received);
      const written = this.damage(download.compressed ? inflateSync(all) : all);
      // Flash only turns ones into zeros.
      for (const [i, byte] of written.entries()) this.flash[download.offset + i]! &= byte;
    }
  }

  private md5(address: number, bytes: number): void {
    const digest = createHash('md5').update(this.flash.subarray(address, address + bytes));
    this.answer(FLASH_MD5, { data: this.isStub ? digest.digest() : Buffer.from(digest.digest('hex'), 'latin1') });
  }

  private readFlash(address: number, bytes: number, block: number): void {
    this.answer(READ_FLASH, {});
    this.sentBytes = bytes;
    for (let at = 0; at < bytes; at += block)
      this.pty.write(slip(this.flash.subarray(address + at, address + Math.min(at + block, bytes))));
  }
}
