/** A Raspberry Pi Pico in rp2040js, with its boot ROM and flash chip, as a board on a serial line. */
import { type GPIOPin, type Peripheral, RP2040 } from 'rp2040js';
import type { Wire } from '../../../../devices/serial/wire.ts';
import { BootRom } from './boot-rom.ts';
import type { FlashChip } from './flash-chip.ts';

const BAUD = 115200;
const UART_FUNCTION = 2;
/** Blocks that the program must let out of reset (datasheet 2.14.2), by the number of their pages. */
const PLL_BLOCK = 12;
const resetBlocks: ReadonlyMap<number, number> = new Map([
  [0x40014, 5],
  [0x4001c, 8],
  [0x40028, PLL_BLOCK],
  [0x40034, 22],
]);

/** RESETS. At power-on all is held, but what the boot ROM lets go: flash pads and the timer. */
class Resets implements Peripheral {
  held = 0x1ffffff & ~((1 << 6) | (1 << 9) | (1 << 21));

  constructor(private readonly onHold: () => void) {}

  readUint32(offset: number): number {
    return offset === 0 ? this.held : ~this.held & 0x1ffffff;
  }

  writeUint32(offset: number, value: number): void {
    if (offset) throw new Error('RESETS: only RESET is written');
    this.held = value;
    this.onHold();
  }

  writeUint32Atomic(offset: number, value: number, kind: number): void {
    if (kind) throw new Error('RESETS: the monitor uses no aliases');
    this.writeUint32(offset, value);
  }
}

export class Pico implements Wire {
  readonly name = 'rp2040js';
  readonly baud = 0;
  readonly chip = new RP2040();
  restarts = 0;
  private readonly rom: BootRom;
  private readonly resets = new Resets(() => this.resetPll());
  private readonly toBoard: number[] = [];
  private nextByteNanos = 0;
  private fromBoard: number[] = [];
  private onData: (bytes: Uint8Array) => void = () => {};
  private onEnd: (error?: Error) => void = () => {};
  private wake = () => {};
  private isOn = true;

  /** Switches the power on. */
  constructor(flash: FlashChip) {
    const { chip } = this;
    // What the emulator does not know is no reason to go on.
    const refuse = (component: string, message: string) => {
      throw new Error(`${component}: ${message}`);
    };
    chip.logger = { debug: () => {}, info: () => {}, warn: refuse, error: refuse };
    chip.peripherals[0x4000c] = this.resets;
    const find = chip.findPeripheral.bind(chip);
    chip.findPeripheral = (address) => {
      const block = resetBlocks.get((address >>> 14) << 2);
      if (block !== undefined && this.resets.held & (1 << block))
        throw new Error(`${address.toString(16)} is used while it is held in reset`);
      return find(address);
    };
    const writePpb = chip.ppb.writeUint32.bind(chip.ppb);
    // AIRCR: SYSRESETREQ, which restarts the core and leaves all else.
    chip.ppb.writeUint32 = (offset, value) => (offset === 0xd0c && value === 0x05fa0004 ? this.restart() : writePpb(offset, value));
    (chip.uart[0] as { onByte?: (byte: number) => void }).onByte = (byte) => this.send(byte);
    this.rom = new BootRom(chip, flash);
    this.startCore();
    void this.run();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.toBoard.push(...bytes);
    this.wake();
    return Promise.resolve();
  }

  listen(onData: (bytes: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.onData = onData;
    this.onEnd = onEnd;
  }

  /** Switches the power off. */
  close(): Promise<void> {
    this.isOn = false;
    this.wake();
    return Promise.resolve();
  }

  private restart(): void {
    this.restarts++;
    this.startCore();
  }

  private startCore(): void {
    const { chip } = this;
    const Core = chip.core.constructor as new (chip: RP2040) => RP2040['core'];
    const core = new Core(chip);
    const check = core.checkForInterrupts.bind(core);
    // With PRIMASK set an interrupt ends the sleep and is not taken (Armv6-M, B1.5.17); rp2040js takes it.
    core.checkForInterrupts = () => (core.waiting && core.PM ? (core.pendingInterrupts & core.enabledInterrupts) !== 0 : check());
    Object.assign(chip, { core });
    this.rom.start();
  }

  private resetPll(): void {
    if (!(this.resets.held & (1 << PLL_BLOCK))) return;
    if (this.chip.clocks.sysCtrl & 1) throw new Error('the PLL is reset while the core lives by it');
    Object.assign(this.chip.pllSys, { cs: 1, pwr: 0x2d, fbdivInt: 0, prim: 0x77000 });
  }

  private pin(index: number): GPIOPin {
    return this.chip.gpio[index] as GPIOPin;
  }

  private checkRate(): void {
    const [uart] = this.chip.uart;
    const isRight = uart && Math.abs(uart.baudRate / BAUD - 1) < 0.01 && uart.wordLength === 8 && uart.enabled;
    if (!this.chip.clocks.periFreq || !isRight) throw new Error(`the UART speaks ${uart?.baudRate} baud`);
  }

  private send(byte: number): void {
    this.checkRate();
    if (this.pin(0).functionSelect !== UART_FUNCTION || this.pin(0).outputDisable) throw new Error('TX reaches no pin');
    this.fromBoard.push(byte);
  }

  /** One byte every ten bits, as on a line. */
  private receive(): void {
    const { clock } = this.chip;
    const [uart] = this.chip.uart;
    const byte = this.toBoard.shift();
    if (byte === undefined || !uart) return;
    this.nextByteNanos = clock.nanos + 10e9 / BAUD;
    if (!uart.enabled || this.pin(1).functionSelect !== UART_FUNCTION || !this.pin(1).inputEnable) return;
    // What comes while the FIFO is full is lost.
    if (!(uart.flags & (1 << 6))) uart.feedByte(byte);
  }

  private step(): void {
    const { chip } = this;
    const clock = chip.clock as RP2040['clock'] & { tick(nanos: number): void };
    if (chip.core.waiting) clock.tick(Math.max(0, this.nextByteNanos - clock.nanos));
    else clock.tick((chip.core.executeInstruction() * 1e9) / chip.clkSys);
    if (this.toBoard.length && chip.clock.nanos >= this.nextByteNanos) this.receive();
  }

  private async run(): Promise<void> {
    // Whoever made it listens first.
    await new Promise(setImmediate);
    try {
      while (this.isOn) {
        for (let i = 0; i < 50_000 && (this.toBoard.length || !this.chip.core.waiting); i++) this.step();
        if (this.fromBoard.length) this.onData(Uint8Array.from(this.fromBoard.splice(0)));
        const woken = new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        await (this.chip.core.waiting && !this.toBoard.length ? woken : new Promise(setImmediate));
      }
    } catch (error) {
      this.isOn = false;
      this.onEnd(error as Error);
    }
  }
}
