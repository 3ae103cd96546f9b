/** An interpreter of RV32IMC with Zicsr, machine mode only (The RISC-V Instruction Set Manual, volume I 20191213, volume II 20211203). */
import { expand } from './rvc.ts';

/** What a core sees. `undefined` and `false`: nothing answers there, or not in this width. */
export interface Bus {
  /** 32 bits from an even address, of which the upper half may lie behind the end. */
  fetch(address: number): number | undefined;
  load(address: number, bytes: 1 | 2 | 4): number | undefined;
  store(address: number, bytes: 1 | 2 | 4, value: number): boolean;
  readCsr(csr: number): number | undefined;
  writeCsr(csr: number, value: number): boolean;
}

const ILLEGAL_INSTRUCTION = 2;
const BREAKPOINT = 3;
const LOAD_FAULT = 5;
const STORE_FAULT = 7;
const FETCH_FAULT = 1;
const ENVIRONMENT_CALL = 11;

export const MSTATUS = 0x300;
export const MTVEC = 0x305;
export const MEPC = 0x341;
export const MCAUSE = 0x342;

const SYSTEM_WFI = 0x10500073;
const SYSTEM_MRET = 0x30200073;

function multiplyHigh(a: number, b: number, aSigned: boolean, bSigned: boolean): number {
  const [left, right] = [BigInt(aSigned ? a : a >>> 0), BigInt(bSigned ? b : b >>> 0)];
  return Number(BigInt.asIntN(32, (left * right) >> 32n));
}

function divide(kind: number, a: number, b: number): number {
  // By zero and beyond the range: what table 7.1 says.
  if (kind === 4) return b === 0 ? -1 : (a / b) | 0;
  if (kind === 5) return b === 0 ? -1 : ((a >>> 0) / (b >>> 0)) | 0;
  if (kind === 6) return b === 0 ? a : (a % b) | 0;
  return b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0;
}

function multiplyOrDivide(kind: number, a: number, b: number): number {
  if (kind === 0) return Math.imul(a, b);
  return kind < 4 ? multiplyHigh(a, b, kind < 3, kind === 1) : divide(kind, a, b);
}

export class Rv32 {
  readonly x = new Int32Array(32);
  pc = 0;
  /** Instructions since the start: the model's cycles. */
  cycles = 0;
  /** Expanded instructions from an address on, and their lengths in bytes, 0: not fetched yet. The program does not change itself. */
  private code = new Int32Array(0);
  private sizes = new Uint8Array(0);
  private codeOrigin = 0;

  constructor(private readonly bus: Bus) {}

  /** Forgets what was fetched: another program was loaded into this range. */
  load(origin: number, bytes: number): void {
    this.codeOrigin = origin;
    this.code = new Int32Array(bytes / 2);
    this.sizes = new Uint8Array(bytes / 2);
  }

  trap(cause: number): void {
    this.bus.writeCsr(MEPC, this.pc);
    this.bus.writeCsr(MCAUSE, cause);
    // All interrupts are off; an exception takes the first vector.
    this.pc = (this.bus.readCsr(MTVEC) as number) & ~3;
  }

  private decode(slot: number): boolean {
    const raw = this.bus.fetch(this.pc);
    if (raw === undefined) return false;
    const isShort = (raw & 3) !== 3;
    this.code[slot] = isShort ? expand(raw & 0xffff) : raw;
    this.sizes[slot] = isShort ? 2 : 4;
    return true;
  }

  /** One instruction. */
  step(): void {
    const slot = (this.pc - this.codeOrigin) >>> 1;
    this.cycles++;
    if (!(slot < this.code.length) || (!this.sizes[slot] && !this.decode(slot))) {
      this.trap(FETCH_FAULT);
      return;
    }
    this.execute(this.code[slot] as number, this.pc + (this.sizes[slot] as number));
    this.x[0] = 0;
  }

  private execute(i: number, next: number): void {
    const { x } = this;
    const rd = (i >> 7) & 31;
    const a = x[(i >> 15) & 31] as number;
    const b = x[(i >> 20) & 31] as number;
    const kind = (i >> 12) & 7;
    switch (i & 0x7f) {
      case 0x13:
        if ((kind === 1 && i >>> 25) || (kind === 5 && i >>> 25 && i >>> 25 !== 0x20)) this.trap(ILLEGAL_INSTRUCTION);
        else {
          x[rd] = this.compute(kind, kind === 5 && i >>> 30 === 1, a, i >> 20);
          this.pc = next;
        }
        return;
      case 0x33: {
        const group = i >>> 25;
        if (group === 1) x[rd] = multiplyOrDivide(kind, a, b);
        else if (group === 0 || (group === 0x20 && (kind === 0 || kind === 5)))
          x[rd] = group && kind === 0 ? a - b : this.compute(kind, group !== 0, a, b);
        else {
          this.trap(ILLEGAL_INSTRUCTION);
          return;
        }
        this.pc = next;
        return;
      }
      case 0x03:
        this.loadFrom(kind, (a + (i >> 20)) >>> 0, rd, next);
        return;
      case 0x23: {
        const bytes = kind < 3 ? ((1 << kind) as 1 | 2 | 4) : undefined;
        const address = (a + (((i >> 25) << 5) | rd)) >>> 0;
        if (!bytes) this.trap(ILLEGAL_INSTRUCTION);
        else if (address % bytes || !this.bus.store(address, bytes, b)) this.trap(STORE_FAULT);
        else this.pc = next;
        return;
      }
      case 0x63: {
        const offset = ((i >> 31) << 12) | ((i << 4) & 0x800) | ((i >> 20) & 0x7e0) | ((i >> 7) & 0x1e);
        const holds = kind < 2 ? a === b : kind < 6 ? a < b : a >>> 0 < b >>> 0;
        if (kind === 2 || kind === 3) this.trap(ILLEGAL_INSTRUCTION);
        else this.pc = holds !== ((kind & 1) === 1) ? (this.pc + offset) >>> 0 : next;
        return;
      }
      case 0x37:
        x[rd] = i & ~0xfff;
        this.pc = next;
        return;
      case 0x17:
        x[rd] = this.pc + (i & ~0xfff);
        this.pc = next;
        return;
      case 0x6f: {
        const offset = ((i >> 31) << 20) | (i & 0xff000) | ((i >> 9) & 0x800) | ((i >> 20) & 0x7fe);
        x[rd] = next;
        this.pc = (this.pc + offset) >>> 0;
        return;
      }
      case 0x67:
        x[rd] = next;
        this.pc = ((a + (i >> 20)) & ~1) >>> 0;
        return;
      case 0x0f:
        this.pc = next;
        return;
      case 0x73:
        this.system(i, kind, rd, a, next);
        return;
      default:
        this.trap(ILLEGAL_INSTRUCTION);
    }
  }

  private compute(kind: number, arithmetic: boolean, a: number, b: number): number {
    switch (kind) {
      case 0:
        return a + b;
      case 1:
        return a << (b & 31);
      case 2:
        return Number(a < b);
      case 3:
        return Number(a >>> 0 < b >>> 0);
      case 4:
        return a ^ b;
      case 5:
        return arithmetic ? a >> (b & 31) : a >>> (b & 31);
      case 6:
        return a | b;
      default:
        return a & b;
    }
  }

  private loadFrom(kind: number, address: number, rd: number, next: number): void {
    const bytes = (1 << (kind & 3)) as 1 | 2 | 4;
    const value = address % bytes ? undefined : this.bus.load(address, bytes);
    if (kind === 3 || kind > 5) this.trap(ILLEGAL_INSTRUCTION);
    else if (value === undefined) this.trap(LOAD_FAULT);
    else {
      this.x[rd] = kind === 0 ? (value << 24) >> 24 : kind === 1 ? (value << 16) >> 16 : value;
      this.pc = next;
    }
  }

  private system(i: number, kind: number, rd: number, a: number, next: number): void {
    if (kind === 0) {
      if (i === SYSTEM_WFI) this.pc = next;
      else if (i === SYSTEM_MRET) this.pc = this.bus.readCsr(MEPC) as number;
      else this.trap(i === 0x73 ? ENVIRONMENT_CALL : i === 0x100073 ? BREAKPOINT : ILLEGAL_INSTRUCTION);
      return;
    }
    const csr = i >>> 20;
    const source = (i >> 15) & 31;
    const operand = kind & 4 ? source : a;
    const old = this.bus.readCsr(csr);
    const how = kind & 3;
    const value = how === 1 ? operand : how === 2 ? (old as number) | operand : (old as number) & ~operand;
    const writes = how === 1 || source !== 0;
    if (old === undefined || how === 0 || (writes && !this.bus.writeCsr(csr, value))) this.trap(ILLEGAL_INSTRUCTION);
    else {
      this.x[rd] = old;
      this.pc = next;
    }
  }
}
