/**
 * An ESP32-C3 as far as the monitor uses it: core, RAM on both buses, UART0, watchdogs, clock, cache, and a boot ROM that loads an
 * image from the flash. Addresses and resets: ESP32-C3 TRM and ESP-IDF's soc/esp32c3. What the chip leaves undefined is an error
 * here: the flash through a disabled cache, a ROM function that nobody modelled, data over the instruction bus.
 */

import { EspFlash, PowerCut } from './flash.ts';
import { loadEspImage } from './image.ts';
import { type Bus, MCAUSE, MEPC, MSTATUS, MTVEC, Rv32 } from './rv32.ts';
import { EspUart } from './uart.ts';

export const DATA_BUS = 0x3fc80000;
export const INSTRUCTION_BUS = 0x40380000;
export const RAM_BYTES = 0x60000;
/** The ROM's own stack and variables, which it needs as long as its functions are called. */
const ROM_STACK = 0x3fcdc710;
const ROM_VARIABLES = 0x3fcde710;
const CACHED = 0x3c000000;
const CACHED_BYTES = 0x800000;
const ROM = 0x40000000;
const ROM_BYTES = 0x60000;

const CYCLES_PER_SLICE = 300_000;
/** After so many cycles a watchdog that was left on bites. */
const WATCHDOG_CYCLES = 2_000_000;

const [RTC_OPTIONS0, RTC_WDTCONFIG0, RTC_WDTWPROTECT, SWD_CONF, SWD_WPROTECT] = [
  0x60008000, 0x60008090, 0x600080a8, 0x600080ac, 0x600080b0,
];
const [TIMG0_WDTCONFIG0, TIMG0_WDTWPROTECT] = [0x6001f048, 0x6001f064];
const [SYSCLK_CONF, ICACHE_CTRL1] = [0x600c0058, 0x600c4004];
/** Write-protected registers → the register that unlocks them, and its key. */
const locks = new Map([
  [RTC_WDTCONFIG0, { register: RTC_WDTWPROTECT, key: 0x50d83aa1 }],
  [SWD_CONF, { register: SWD_WPROTECT, key: 0x8f1d312a | 0 }],
  [TIMG0_WDTCONFIG0, { register: TIMG0_WDTWPROTECT, key: 0x50d83aa1 }],
]);
const WATCHDOG_ON = 0x80000000;
const FLASH_BOOT = { [RTC_WDTCONFIG0]: 1 << 12, [TIMG0_WDTCONFIG0]: 1 << 14 };
const UPDATE = 1 << 22;

const [MPCER, MPCMR, MPCCR] = [0x7e0, 0x7e1, 0x7e2];
const csrs = new Set([MSTATUS, 0x301, MTVEC, 0x340, MEPC, MCAUSE, 0x343, MPCER, MPCMR, MPCCR]);

export class Esp32c3 implements Bus {
  readonly core = new Rv32(this);
  readonly uart: EspUart;
  readonly flash: EspFlash;
  /** Why the chip restarted. */
  readonly resets: string[] = [];
  /** Rejects when the program does what the chip leaves undefined. */
  readonly failure: Promise<never>;
  private failed: ((error: Error) => void) | undefined;
  private readonly ram = new DataView(new ArrayBuffer(RAM_BYTES));
  private registers = new Map<number, number>();
  private readonly csr = new Map<number, number>();
  private counted = 0;
  private timer: NodeJS.Immediate | undefined;
  private isOff = true;
  private isRestarting = false;

  constructor(flash: Uint8Array) {
    this.flash = new EspFlash(flash);
    this.uart = new EspUart(() => this.awake());
    this.failure = new Promise((_, reject) => {
      this.failed = reject;
    });
    this.failure.catch(() => {});
  }

  /** MHz of the core's clock: the crystal over the divider, or what the PLL makes. */
  get clockHz(): number {
    const configuration = this.register(SYSCLK_CONF);
    if ((configuration & 0xc00) !== 0) throw new Error('the model has the crystal only');
    return 40_000_000 / ((configuration & 0x3ff) + 1);
  }

  powerOn(): void {
    // What RAM holds after power-on is anything.
    for (let at = 0; at < RAM_BYTES; at += 4) this.ram.setUint32(at, Math.imul(at + 1, 0x9e3779b1));
    this.isOff = false;
    this.reset('power');
    this.awake();
  }

  powerOff(): void {
    this.isOff = true;
    clearImmediate(this.timer);
    this.timer = undefined;
  }

  /** The next write or erasure of the flash but `after` is cut by a power failure. */
  cutPower(after: number): Promise<void> {
    return new Promise((resolve) => {
      this.flash.cut = { at: this.flash.operations + after, done: resolve };
    });
  }

  /** The boot ROM: everything as after a reset, then the image of the flash. */
  private reset(why: string): void {
    this.resets.push(why);
    this.isRestarting = false;
    // The ROM's words, its RAM.
    for (let at = ROM_STACK; at < DATA_BUS + RAM_BYTES; at += 4) this.ram.setUint32(at - DATA_BUS, at);
    this.registers = new Map([
      [RTC_WDTCONFIG0, FLASH_BOOT[RTC_WDTCONFIG0] as number],
      [TIMG0_WDTCONFIG0, FLASH_BOOT[TIMG0_WDTCONFIG0] as number],
      [SYSCLK_CONF, 1],
      [ICACHE_CTRL1, 3],
    ]);
    this.flash.reset();
    this.uart.reset('ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n');
    this.csr.clear();
    for (const csr of csrs) this.csr.set(csr, 0);
    this.counted = this.core.cycles;
    this.core.x.fill(0xdeadbeef);
    this.core.x[2] = ROM_VARIABLES;
    const { entry, segments } = loadEspImage(this.flash.bytes, 5);
    this.core.load(INSTRUCTION_BUS, RAM_BYTES);
    for (const { address, content } of segments) {
      const onDataBus = address >= INSTRUCTION_BUS ? address - INSTRUCTION_BUS + DATA_BUS : address;
      if (onDataBus < DATA_BUS || onDataBus + content.length > ROM_STACK)
        throw new Error(`a segment at ${address.toString(16)} is not in RAM`);
      new Uint8Array(this.ram.buffer).set(content, onDataBus - DATA_BUS);
    }
    this.core.pc = entry;
  }

  private awake(): void {
    if (this.isOff || this.timer) return;
    this.timer = setImmediate(() => {
      this.timer = undefined;
      this.slice();
    });
  }

  private slice(): void {
    const end = this.core.cycles + CYCLES_PER_SLICE;
    try {
      while (this.core.cycles < end && !this.isOff) {
        const { pc } = this.core;
        if (pc >= ROM && pc < ROM + ROM_BYTES) this.callRom(pc);
        else this.core.step();
        if (this.isRestarting) this.reset('software');
        if (this.uart.isIdle) break;
      }
    } catch (error) {
      this.powerOff();
      if (error instanceof PowerCut) error.done();
      else this.failed?.(error as Error);
      return;
    }
    this.uart.deliver();
    this.watch();
    if (!this.uart.isIdle) this.awake();
  }

  /** A watchdog that nobody turned off, also while the program waits for a byte: the time passes. */
  private watch(): void {
    if (!this.uart.isIdle && this.core.cycles - this.counted < WATCHDOG_CYCLES) return;
    const timers = [RTC_WDTCONFIG0, TIMG0_WDTCONFIG0] as const;
    const left = timers.find((address) => this.register(address) & (WATCHDOG_ON | (FLASH_BOOT[address] as number)));
    const bites = left ?? (this.register(SWD_CONF) & 0xc0000000 ? undefined : SWD_CONF);
    if (bites !== undefined) this.reset(`watchdog ${bites.toString(16)}`);
  }

  private callRom(pc: number): void {
    const { x } = this.core;
    const words = Array.from({ length: 6 }, (_, i) => (x[10 + i] as number) >>> 0);
    const result = this.flash.callRom(pc, words, (address, bytes) => this.span(address, bytes));
    // What the calling convention does not keep is lost.
    for (const register of [5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31]) x[register] = 0xbadc0de;
    x[10] = result;
    this.core.pc = x[1] as number;
  }

  /** Bytes of the RAM as the data bus has them. */
  private span(address: number, bytes: number): Uint8Array {
    if (address < DATA_BUS || address + bytes > ROM_STACK) throw new Error(`the ROM reads ${address.toString(16)}, which is no RAM`);
    return new Uint8Array(this.ram.buffer, address - DATA_BUS, bytes);
  }

  private register(address: number): number {
    return this.registers.get(address) ?? 0;
  }

  fetch(address: number): number | undefined {
    const at = address - INSTRUCTION_BUS;
    if (at < 0 || at + 4 > RAM_BYTES) return undefined;
    return this.ram.getUint16(at, true) | (this.ram.getUint16(at + 2, true) << 16);
  }

  load(address: number, bytes: 1 | 2 | 4): number | undefined {
    const at = address - DATA_BUS;
    if (at >= 0 && at + bytes <= RAM_BYTES) {
      if (bytes === 4) return this.ram.getInt32(at, true);
      return bytes === 2 ? this.ram.getUint16(at, true) : this.ram.getUint8(at);
    }
    if (address >= CACHED && address < CACHED + CACHED_BYTES) {
      if (this.register(ICACHE_CTRL1) & 2) throw new Error('the data bus is shut off from the cache');
      return this.flash.readCached(address - CACHED, bytes);
    }
    if (bytes !== 4 || address < 0x60000000) return undefined;
    return this.uart.read(address, this.core.cycles) ?? this.register(address);
  }

  store(address: number, bytes: 1 | 2 | 4, value: number): boolean {
    const at = address - DATA_BUS;
    if (at >= 0 && at + bytes <= ROM_VARIABLES - DATA_BUS) {
      if (bytes === 4) this.ram.setInt32(at, value, true);
      else if (bytes === 2) this.ram.setUint16(at, value, true);
      else this.ram.setUint8(at, value);
      return true;
    }
    if (bytes !== 4 || address < 0x60000000) return false;
    if (address === RTC_OPTIONS0) {
      this.isRestarting = value < 0;
      return true;
    }
    const lock = locks.get(address);
    if (lock && this.register(lock.register) !== lock.key) return true;
    // A timer group takes over what it is told to.
    if (address === TIMG0_WDTCONFIG0 && !(value & UPDATE)) return true;
    if (!this.uart.write32(address, value, this.core.cycles)) this.registers.set(address, value);
    return true;
  }

  readCsr(csr: number): number | undefined {
    if (csr !== MPCCR) return this.csr.get(csr);
    const counts = (this.csr.get(MPCER) ?? 0) & (this.csr.get(MPCMR) ?? 0) & 1;
    return counts ? (this.core.cycles - this.counted) | 0 : 0;
  }

  writeCsr(csr: number, value: number): boolean {
    if (!this.csr.has(csr)) return false;
    // The vectors begin at a multiple of 256, and there is no other mode than vectored.
    this.csr.set(csr, csr === MTVEC ? (value & ~255) | 1 : value);
    return true;
  }
}
