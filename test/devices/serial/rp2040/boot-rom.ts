/**
 * The RP2040's boot ROM and the controller between core and flash (datasheet 2.8, 4.10; github.com/raspberrypi/pico-bootrom-rp2040),
 * for the emulator rp2040js, which has neither. Strict: what silicon does not promise is an error. The ROM's code is a BKPT
 * for each function, and what it does is done here.
 */
import type { Peripheral, RP2040 } from 'rp2040js';
import { type FlashChip, PAGE_BYTES, SECTOR_BYTES } from './flash-chip.ts';

const FLASH = 0x10000000;
const FLASH_END = 0x14000000;
const RAM = 0x20000000;
/** Of the RAM's end, where the second stage is copied to. */
const SECOND_STAGE = 0x41f00;

const FUNCTION_TABLE = 0x100;
const STUBS = 0x200;

/** Registers of the SSI. */
const CTRLR0 = 0x00;
const CTRLR1 = 0x04;
const SSIENR = 0x08;
const SER = 0x10;
const BAUDR = 0x14;
const SPI_CTRLR0 = 0xf4;

/** CRC-32 with the most significant bit first and nothing inverted. */
export function bootCrc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}

/** The controller: what it is told while it is on is an error, and it reads the flash only by the settings for a 03h command. */
class Ssi implements Peripheral {
  private readonly registers = new Map<number, number>();

  constructor(private readonly onChange: () => void) {}

  get(offset: number): number {
    return this.registers.get(offset) ?? 0;
  }

  set(values: Readonly<Record<number, number>>): void {
    for (const [offset, value] of Object.entries(values)) this.registers.set(Number(offset), value);
    this.onChange();
  }

  readUint32(offset: number): number {
    return this.get(offset);
  }

  writeUint32(offset: number, value: number): void {
    if (![CTRLR0, CTRLR1, SSIENR, BAUDR, SPI_CTRLR0].includes(offset))
      throw new Error(`SSI: register ${offset} is not the program's business`);
    if (offset !== SSIENR && this.get(SSIENR)) throw new Error(`SSI: register ${offset} is written while it is on`);
    this.set({ [offset]: value });
  }

  writeUint32Atomic(offset: number, value: number, kind: number): void {
    if (kind) throw new Error('SSI: it has no aliases for single bits');
    this.writeUint32(offset, value);
  }

  /** Whether a read of the flash's memory becomes 03h, 24 bits of address, 32 bits of data. */
  get reads(): boolean {
    const isSerial = (this.get(CTRLR0) & 0x7fffff) === ((31 << 16) | (3 << 8)) && this.get(CTRLR1) === 0;
    return this.get(SSIENR) === 1 && this.get(SER) === 1 && isSerial && this.get(SPI_CTRLR0) === ((3 << 24) | (2 << 8) | (6 << 2));
  }
}

export class BootRom {
  private readonly ssi = new Ssi(() => this.update());
  /** What the flash was told to be in: connected pads, serial commands, chip select held by hand. */
  private state = { connected: false, serial: false, held: false };
  private readable = false;
  /** Ranges that the cache does not know of. */
  private stale: (readonly [number, number])[] = [];
  private readonly functions: readonly (readonly [name: string, call: () => void])[];

  constructor(
    private readonly chip: RP2040,
    private readonly flash: FlashChip,
  ) {
    const argument = (index: number) => chip.core.registers[index] as number;
    this.functions = [
      ['', () => this.find(argument(0), argument(1))],
      ['IF', () => this.connect()],
      ['EX', () => this.exitXip()],
      ['RE', () => this.erase(argument(0), argument(1), argument(2), argument(3))],
      ['RP', () => this.program(argument(0), argument(1), argument(2))],
      ['FC', () => this.flushCache()],
    ];
    chip.peripherals[0x18000] = this.ssi;
    chip.addClockListener(() => this.update());
    this.load();
    chip.onBreak = (code) => this.call(code);
    this.guardReads();
  }

  /** Table, and stubs: BKPT number, BX LR. */
  private load(): void {
    const rom = new DataView(this.chip.bootrom.buffer);
    const stub = (number: number) => STUBS + 4 * number;
    rom.setUint16(0x14, FUNCTION_TABLE, true);
    rom.setUint16(0x18, stub(0) + 1, true);
    for (const [number, [name]] of this.functions.entries()) {
      rom.setUint16(stub(number), 0xbe00 | number, true);
      rom.setUint16(stub(number) + 2, 0x4770, true);
      if (!number) continue;
      const entry = FUNCTION_TABLE + 4 * (number - 1);
      rom.setUint16(entry, name.charCodeAt(0) | (name.charCodeAt(1) << 8), true);
      rom.setUint16(entry + 2, stub(number) + 1, true);
    }
  }

  private call(number: number): void {
    const [, work] = this.functions[number] ?? [];
    if (!work) throw new Error(`breakpoint ${number} at ${this.chip.core.PC.toString(16)}`);
    work();
    // What a called function need not keep.
    for (const register of [1, 2, 3, 12]) this.chip.core.registers[register] = 0xdeadbeef;
  }

  private find(table: number, code: number): void {
    let entry = table;
    while (this.chip.readUint16(entry) !== code && this.chip.readUint16(entry)) entry += 4;
    this.chip.core.registers[0] = this.chip.readUint16(entry) ? this.chip.readUint16(entry + 2) : 0;
  }

  /** Reads of the flash, of instructions too, while it cannot be read, are errors. */
  private guardReads(): void {
    const { chip } = this;
    for (const name of ['readUint8', 'readUint16', 'readUint32'] as const) {
      const read = chip[name].bind(chip);
      chip[name] = (address) => {
        if (!this.readable && address >= FLASH && address < FLASH_END)
          throw new Error(`the flash is read at ${address.toString(16)} while it cannot be, from ${chip.core.PC.toString(16)}`);
        return read(address);
      };
    }
  }

  private update(): void {
    const { connected, held } = this.state;
    this.readable = connected && !held && this.ssi.reads;
    if (!this.readable) return;
    this.state.serial = false;
    const rate = this.chip.clkSys / this.ssi.get(BAUDR);
    // 03h goes up to 50 MHz (W25Q16JV, 9.6); the divisor is even.
    if (this.ssi.get(BAUDR) % 2 || !(rate <= 50e6)) throw new Error(`the flash is clocked at ${rate} Hz`);
  }

  private connect(): void {
    this.state = { connected: true, serial: false, held: false };
    this.update();
  }

  private exitXip(): void {
    if (!this.state.connected) throw new Error('the flash is not connected');
    this.ssi.set({ [SSIENR]: 1, [BAUDR]: 6, [CTRLR0]: 7 << 16, [SER]: 1 });
    this.state.serial = true;
  }

  private command(offset: number, bytes: number, work: () => void): void {
    if (!this.state.serial) throw new Error('the flash is no longer waiting for commands');
    this.state.held = true;
    this.stale.push([offset, bytes]);
    this.update();
    work();
  }

  private erase(offset: number, bytes: number, blockBytes: number, blockCommand: number): void {
    if (blockBytes !== SECTOR_BYTES || blockCommand !== 0x20) throw new Error('no erasure of sectors');
    this.command(offset, bytes, () => {
      for (let at = 0; at < bytes; at += SECTOR_BYTES) this.flash.erase(offset + at);
    });
  }

  private program(offset: number, data: number, bytes: number): void {
    this.command(offset, bytes, () => {
      for (let at = 0; at < bytes; at += PAGE_BYTES)
        this.flash.program(
          offset + at,
          Uint8Array.from({ length: PAGE_BYTES }, (_, i) => this.chip.readUint8(data + at + i)),
        );
    });
  }

  private flushCache(): void {
    for (const [offset, bytes] of this.stale.splice(0)) this.chip.flash.set(this.flash.cells.subarray(offset, offset + bytes), offset);
    this.state.held = false;
    this.update();
  }

  /** From the reset of the core on: the second stage into RAM, if its CRC is right, and there. */
  start(): void {
    const stage = this.flash.cells.slice(0, 256);
    if (bootCrc32(stage.subarray(0, 252)) !== new DataView(stage.buffer).getUint32(252, true))
      throw new Error('the boot ROM finds no second stage in the flash');
    this.connect();
    this.exitXip();
    this.stale.push([0, this.flash.cells.length]);
    this.flushCache();
    this.chip.sram.set(stage, SECOND_STAGE);
    const { core } = this.chip;
    core.registers.fill(0xdeadbeef);
    core.SP = RAM + SECOND_STAGE;
    core.LR = 0;
    core.PC = RAM + SECOND_STAGE;
  }
}
