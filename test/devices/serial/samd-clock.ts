/**
 * The clocks of SAM D21 (DS40001882: "GCLK", "SYSCTRL", "PM") and SAM D51 (DS60001507: 14, 15, 28) by registers, as far as the
 * wirings use them: runs the steps of a board's start and refuses what the datasheets forbid.
 */
import type { RegisterStep } from '../../../devices/serial/register-steps.ts';
import { KB, MHz } from '../../../targets/boards/board.ts';

function require(is: boolean, what: string): void {
  if (!is) throw new Error(what);
}

/** Bits `low` and up. */
const field = (value: number, low: number, bits: number) => (value >>> low) & (2 ** bits - 1);
const bit = (value: number, at: number) => field(value, at, 1) === 1;

/** Reads after which something that takes time is done. */
const READS = 3;
const CRYSTAL_HZ = 32768;

interface Generator {
  readonly source: number;
  readonly divisor: number;
}

abstract class Chip {
  protected readonly registers = new Map<number, number>();
  protected generators: (Generator | undefined)[] = [];
  /** Register → reads until it is no longer busy. */
  private readonly busy = new Map<number, number>();

  protected value(address: number): number {
    return this.registers.get(address) ?? 0;
  }

  protected begin(address: number): void {
    this.busy.set(address, READS);
  }

  /** One look at whether it is done. */
  protected isDone(address: number): boolean {
    const left = this.busy.get(address) ?? 0;
    this.busy.set(address, Math.max(0, left - 1));
    return left === 0;
  }

  protected settled(address: number): boolean {
    return (this.busy.get(address) ?? 0) === 0;
  }

  /** 0: it does not run. */
  generatorHz(number: number): number {
    const generator = this.generators[number];
    return generator ? this.sourceHz(generator.source) / Math.max(1, generator.divisor) : 0;
  }

  get coreHz(): number {
    return this.generatorHz(0);
  }

  protected abstract sourceHz(source: number): number;
  abstract get uartHz(): number;
  abstract checkCore(): void;
  abstract widthOf(address: number): number;
  abstract read(address: number): number;
  abstract write(address: number, value: number): void;
}

/** @throws Error for a step that the datasheet forbids, or that waits for ever. */
export function runStart(chip: Chip, steps: readonly RegisterStep[]): { coreHz: number; uartHz: number } {
  for (const { address, mask, value, waits, bits = 32 } of steps) {
    require(bits === chip.widthOf(address), `${address.toString(16)} has not ${bits} bits`);
    if (waits) {
      let reads = 0;
      while ((chip.read(address) & mask) >>> 0 !== value) require(++reads < 100, `waits for ever at ${address.toString(16)}`);
    } else chip.write(address, ((mask === 0xffffffff ? 0 : chip.read(address) & ~mask) | value) >>> 0);
    chip.checkCore();
  }
  return { coreHz: chip.coreHz, uartHz: chip.uartHz };
}

const [OSC8M, XOSC32K, DFLL] = [6, 5, 7];

/** As the UF2 boot loader leaves it: the core at the DFLL in open loop, which the crystal does not steer. */
export class SamD21 extends Chip {
  /** Clock → generator. */
  private readonly clocks = new Map<number, number>();
  private divisors: number[] = [];

  constructor() {
    super();
    this.generators[0] = { source: DFLL, divisor: 1 };
    this.registers.set(0x40000824, 0x02);
    this.registers.set(0x41004004, 0x02);
  }

  widthOf(address: number): number {
    if ([0x40000c00, 0x40000c01].includes(address) || (address >= 0x41004430 && address < 0x41004460)) return 8;
    return [0x40000c02, 0x40000814, 0x40000824].includes(address) ? 16 : 32;
  }

  private get crystalRuns(): boolean {
    return bit(this.value(0x40000814), 1) && this.settled(0x40000814);
  }

  private get isClosedLoop(): boolean {
    return bit(this.value(0x40000824), 2);
  }

  protected sourceHz(source: number): number {
    if (source === OSC8M) return 1 * MHz;
    if (source === XOSC32K) return this.crystalRuns ? CRYSTAL_HZ : 0;
    if (source !== DFLL || !bit(this.value(0x40000824), 1)) return 0;
    if (!this.isClosedLoop) return 48 * MHz;
    const reference = this.clocks.get(0);
    return reference === undefined ? 0 : this.generatorHz(reference) * field(this.value(0x4000082c), 0, 16);
  }

  checkCore(): void {
    require(this.coreHz > 0, 'the core stands still');
    const limit = field(this.value(0x41004004), 1, 4) === 0 ? 24 * MHz : 48.1 * MHz;
    require(this.coreHz <= limit, 'too few wait states, or too fast');
  }

  get uartHz(): number {
    const generator = this.clocks.get(0x14);
    return bit(this.value(0x40000420), 2) && generator !== undefined ? this.generatorHz(generator) : 0;
  }

  read(address: number): number {
    if (address === 0x40000c00) return this.isDone(0x40000c00) ? 0 : 1;
    if (address === 0x40000c01) return this.isDone(0x40000c00) ? 0 : 0x80;
    if (address !== 0x4000080c) return this.value(address);
    const isReady = this.isDone(0x40000824);
    const isLocked = isReady && this.isClosedLoop && this.isDone(0x4000080c);
    if (isLocked) require(Math.abs(this.sourceHz(DFLL) / MHz - 48) < 0.02, 'the DFLL is steered to another clock');
    const crystal = bit(this.value(0x40000814), 1) && this.isDone(0x40000814);
    return (crystal ? 1 << 1 : 0) | (isReady ? 1 << 4 : 0) | (isLocked ? 0xc0 : 0);
  }

  private writeGclk(address: number, value: number): void {
    require(this.settled(0x40000c00), 'GCLK is busy');
    this.begin(0x40000c00);
    if (address === 0x40000c00) {
      this.generators = [{ source: OSC8M, divisor: 1 }];
      this.divisors = [];
      this.clocks.clear();
    } else if (address === 0x40000c02) {
      require(bit(value, 14), 'a clock that is not on');
      this.clocks.set(field(value, 0, 6), field(value, 8, 4));
    } else if (address === 0x40000c08) this.divisors[field(value, 0, 4)] = field(value, 8, 16);
    else {
      const number = field(value, 0, 4);
      this.generators[number] = bit(value, 16) ? { source: field(value, 8, 5), divisor: this.divisors[number] ?? 1 } : undefined;
    }
  }

  write(address: number, value: number): void {
    if (address >= 0x40000c00 && address < 0x40000d00) {
      this.writeGclk(address, value);
      return;
    }
    if (address === 0x40000814) {
      const isWhole = bit(value, 2) && bit(value, 3) && !bit(value, 7);
      require(isWhole && (!bit(value, 1) || value === (this.value(address) | 2)), 'ENABLE of XOSC32K is written by itself');
      if (bit(value, 1)) this.begin(address);
    }
    if (address === 0x4000082c || address === 0x40000824) {
      require(this.settled(0x40000824), 'the DFLL is busy');
      require(address === 0x40000824 || !bit(this.value(0x40000824), 7), 'the DFLL does not answer');
      require(address === 0x4000082c || this.generators[0]?.source !== DFLL, 'the DFLL of the core is changed');
      this.begin(0x40000824);
      this.begin(0x4000080c);
    }
    this.registers.set(address, value);
  }
}

const SYNC = 0x40001c04;
const [DFLL51, DPLL0] = [6, 7];

/** As after a reset, or behind the boot loader: the core at the DFLL. */
export class SamD51 extends Chip {
  constructor() {
    super();
    this.generators[0] = { source: DFLL51, divisor: 1 };
    this.registers.set(0x40001c84, 0x42);
  }

  widthOf(address: number): number {
    if ([0x40001c00, 0x40001030].includes(address) || (address >= 0x410080b0 && address < 0x410080f0)) return 8;
    return address === 0x41004000 ? 16 : 32;
  }

  /** Clock of a peripheral's channel. */
  private channelHz(number: number): number {
    const channel = this.value(0x40001c80 + 4 * number);
    return bit(channel, 6) ? this.generatorHz(field(channel, 0, 4)) : 0;
  }

  protected sourceHz(source: number): number {
    if (source === DFLL51) return 48 * MHz;
    if (source !== DPLL0 || !bit(this.value(0x40001030), 1) || !this.settled(0x40001040)) return 0;
    const hz = this.channelHz(1) * (field(this.value(0x40001034), 0, 13) + 1);
    require(this.channelHz(1) >= 32 * KB && this.channelHz(1) <= 3.2 * MHz, "the DPLL's reference is out of its range");
    require(hz >= 96 * MHz && hz <= 200 * MHz, 'the DPLL is out of its range');
    return hz;
  }

  checkCore(): void {
    require(this.coreHz > 0, 'the core stands still');
    require(this.coreHz <= 120 * MHz, 'too fast');
    const waits = this.value(0x41004000);
    require(this.coreHz <= 24 * MHz || bit(waits, 2) || !this.registers.has(0x41004000), 'too few wait states');
  }

  get uartHz(): number {
    const hz = bit(this.value(0x40000820), 1) ? this.channelHz(35) : 0;
    require(hz <= 100 * MHz, 'the UART is too fast');
    return hz;
  }

  read(address: number): number {
    if (address === SYNC) return [...Array(12).keys()].reduce((all, at) => all | (this.isDone(SYNC + 0x100 * at) ? 0 : 1 << at), 0);
    if (address === 0x4000103c) return (this.isDone(0x40001030) ? 0 : 2) | (this.isDone(0x40001034) ? 0 : 4);
    if (address === 0x40001040) return bit(this.value(0x40001030), 1) && this.isDone(0x40001040) ? 3 : 0;
    return this.value(address);
  }

  private writeGenerator(number: number, value: number): void {
    require(this.settled(SYNC + 0x100 * (2 + number)), 'GCLK is busy');
    this.begin(SYNC + 0x100 * (2 + number));
    this.generators[number] = bit(value, 8) ? { source: field(value, 0, 4), divisor: field(value, 16, 16) } : undefined;
  }

  private writeDpll(address: number, value: number): void {
    const isOn = bit(this.value(0x40001030), 1);
    require(this.settled(0x40001030) && this.settled(0x40001034), 'the DPLL is busy');
    require(address === 0x40001030 || !isOn, 'the DPLL is changed while it runs');
    require(this.generators[0]?.source !== DPLL0, 'the DPLL of the core is changed');
    if (address !== 0x40001038) this.begin(address);
    if (address !== 0x40001030 || !bit(value, 1)) return;
    require(!bit(value, 7), 'the DPLL waits until it is wanted');
    require(bit(this.value(0x40001038), 11) && field(this.value(0x40001038), 5, 3) === 0, 'a lock that comes and goes');
    this.begin(0x40001040);
  }

  write(address: number, value: number): void {
    if (address === 0x40001c00) {
      this.generators = [{ source: DFLL51, divisor: 1 }];
      for (let channel = 0; channel < 48; channel++) this.registers.delete(0x40001c80 + 4 * channel);
      this.begin(SYNC);
      return;
    }
    require(this.settled(SYNC), 'GCLK is reset');
    if (address >= 0x40001c20 && address < 0x40001c50) this.writeGenerator((address - 0x40001c20) / 4, value);
    if (address >= 0x40001030 && address < 0x4000103c) this.writeDpll(address, value);
    this.registers.set(address, value);
  }
}
