/** UART0 of an ESP32-C3 (TRM, "UART Controller") as the wire of a host: its FIFOs, its rate, its pins. */
import type { Wire } from '../../../devices/serial/wire.ts';

const BASE = 0x60000000;
const [FIFO, CLKDIV, STATUS, CONF0, FSM_STATUS, CLK_CONF] = [BASE, BASE + 0x14, BASE + 0x1c, BASE + 0x20, BASE + 0x6c, BASE + 0x78];
/** IO MUX of GPIO20 (U0RXD) and GPIO21 (U0TXD). */
const [RX_PIN, TX_PIN] = [0x60009054, 0x60009058];
const PIN_FUNCTION = 0x7000;
const INPUT_ENABLE = 1 << 9;
const CRYSTAL_HZ = 40_000_000;
const BAUD = 115_200;
const FIFO_BYTES = 128;
/** The line is faster than its rate, so that tests are. */
const CYCLES_PER_BYTE = 300;
/** A program that asks so often for a byte, while none comes and none is to be sent, waits for the host. */
const PATIENCE = 64;

export class EspUart implements Wire {
  readonly name = 'esp32c3';
  readonly baud = 0;
  /** Whether only the host can go on. */
  isIdle = false;
  private asked = 0;
  /** In the FIFO, and on the line before it. */
  private received: number[] = [];
  private coming: number[] = [];
  private sending: number[] = [];
  /** The byte that is on the line: one byte's time later the host has it. */
  private shifting: number | undefined;
  private sent: number[] = [];
  private nextAt = 0;
  private registers = new Map<number, number>();
  private onData: ((bytes: Uint8Array) => void) | undefined;

  constructor(private readonly wakeUp: () => void) {}

  listen(onData: (bytes: Uint8Array) => void): void {
    this.onData = onData;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.coming.push(...bytes);
    this.isIdle = false;
    this.asked = 0;
    this.wakeUp();
  }

  async close(): Promise<void> {
    this.onData = undefined;
  }

  /** What is in the FIFOs and on the line is lost; the ROM's words are on their way. Its input is as a program before may have left it. */
  reset(greeting: string): void {
    this.received = [];
    this.sending = [...Buffer.from(greeting)];
    this.shifting = undefined;
    this.asked = 0;
    this.isIdle = false;
    this.registers = new Map([
      [CLK_CONF, 0x03701000],
      [CLKDIV, 173 | (9 << 20)],
      [CONF0, 0x1000001c],
    ]);
  }

  /** What went out since the last time goes to the host. */
  deliver(): void {
    const bytes = Uint8Array.from(this.sent.splice(0));
    if (bytes.length) this.onData?.(bytes);
  }

  private get(address: number): number {
    return this.registers.get(address) ?? 0;
  }

  /** A byte at another rate or in another format is another byte. */
  private onLine(byte: number): number {
    const clock = this.get(CLK_CONF);
    const runs = (clock & 0x03700000) === 0x03700000 && (this.get(CONF0) & 0x1000003f) === 0x1000001c;
    const divisor = (this.get(CLKDIV) & 0xfff) + (this.get(CLKDIV) >>> 20) / 16;
    const rate = CRYSTAL_HZ / (((clock >> 12) & 0xff) + 1) / divisor;
    return runs && Math.abs(rate / BAUD - 1) < 0.02 ? byte : byte ^ 0x5a;
  }

  private advance(cycles: number): void {
    for (; this.nextAt <= cycles; this.nextAt += CYCLES_PER_BYTE) {
      if (this.shifting !== undefined && !(this.get(TX_PIN) & PIN_FUNCTION)) this.sent.push(this.onLine(this.shifting));
      this.shifting = this.sending.shift();
      const incoming = this.coming.shift();
      const isConnected = !(this.get(RX_PIN) & PIN_FUNCTION) && this.get(RX_PIN) & INPUT_ENABLE;
      if (incoming !== undefined && isConnected && this.received.length < FIFO_BYTES) this.received.push(this.onLine(incoming));
      if (this.shifting === undefined && !this.coming.length) {
        this.nextAt = Math.max(this.nextAt, cycles) + CYCLES_PER_BYTE;
        return;
      }
    }
  }

  /** @returns undefined for what belongs to something else */
  read(address: number, cycles: number): number | undefined {
    this.advance(cycles);
    if (address === STATUS) {
      const isQuiet = !this.received.length && !this.coming.length && !this.sending.length && this.shifting === undefined;
      this.asked = isQuiet ? this.asked + 1 : 0;
      this.isIdle = this.asked > PATIENCE;
      return this.received.length | (this.sending.length << 16);
    }
    if (address === FIFO) return this.received.shift() ?? 0;
    if (address === FSM_STATUS) return this.shifting === undefined ? 0 : 0x10;
    return this.registers.get(address) ?? (address < BASE + 0x100 ? 0 : undefined);
  }

  /** @returns false for what belongs to something else */
  write32(address: number, value: number, cycles: number): boolean {
    this.advance(cycles);
    this.asked = 0;
    if (address === FIFO) {
      if (this.sending.length < FIFO_BYTES) this.sending.push(value & 0xff);
    } else if (address < BASE + 0x100 || address === RX_PIN || address === TX_PIN) this.registers.set(address, value);
    else return false;
    return true;
  }
}
