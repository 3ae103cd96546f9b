/**
 * The clock trees of the STM32F4, L4, U5 and H7 by registers, as far as the wirings use them (RM0090 and RM0390, RM0351 and RM0432,
 * RM0456, RM0433: "Reset and clock control", "Power control", read access latency of the flash): runs the steps of a board's start
 * and refuses what the manuals forbid.
 */
import type { RegisterStep } from '../../../devices/serial/register-steps.ts';
import { MHz } from '../../../targets/boards/board.ts';

type Read = (address: number) => number;

export interface ClockTree {
  /** Registers that a reset does not leave at 0. */
  readonly reset: readonly (readonly [register: number, value: number])[];
  /** Answers of the hardware: bits that follow others. */
  readonly answers: readonly (readonly [register: number, bits: number, is: (read: Read) => boolean])[];
  /** Register and field of the system clock switch, where it is answered, and what its values mean in Hz. */
  readonly system: readonly [register: number, shift: number, statusShift: number, bits: number];
  /** Frequency of a source; 0: it does not run. */
  source(value: number, read: Read): number;
  readonly pll?: { readonly on: readonly [register: number, bit: number]; readonly registers: readonly number[] };
  /** FLASH_ACR, and the highest clock for a number of wait states. */
  readonly latency: readonly [register: number, limit: (waits: number, read: Read) => number];
  /** Highest clock of the core with the voltage as it is. */
  voltageLimit(read: Read): number;
  /** Clock of the UART and what keeps buses within their limits. @throws Error when one is too fast. */
  uartHz(systemHz: number, read: Read): number;
}

function require(is: boolean, what: string): void {
  if (!is) throw new Error(what);
}

/** @throws Error for a step that the manual forbids, or that waits for ever. */
export function runClock(tree: ClockTree, steps: readonly RegisterStep[]): { coreHz: number; uartHz: number } {
  const registers = new Map(tree.reset);
  const raw: Read = (address) => registers.get(address) ?? 0;
  const [switchRegister, shift, statusShift, bits] = tree.system;
  const read: Read = (address) => {
    let value = raw(address);
    for (const [register, mask, is] of tree.answers) if (register === address) value = is(raw) ? value | mask : value & ~mask;
    if (address === switchRegister) value = (value & ~(bits << statusShift)) | (((value >> shift) & bits) << statusShift);
    return value >>> 0;
  };
  const systemHz = () => tree.source((raw(switchRegister) >> shift) & bits, read);
  const check = (step: RegisterStep) => {
    const hz = systemHz();
    const [acr, limit] = tree.latency;
    const at = `at ${step.address.toString(16)}: ${hz / MHz} MHz`;
    require(hz > 0, `${at}: the system clock stands still`);
    require(hz <= limit(raw(acr) & 15, read), `${at}: too few wait states`);
    require(hz <= tree.voltageLimit(read), `${at}: too fast for the voltage`);
    tree.uartHz(hz, read);
  };
  for (const step of steps) {
    const { address, mask, value, waits } = step;
    if (waits) {
      require((read(address) & mask) >>> 0 === value, `waits for ever at ${address.toString(16)}`);
      continue;
    }
    const isOn = tree.pll && (raw(tree.pll.on[0]) >> tree.pll.on[1]) & 1;
    require(!(isOn && tree.pll?.registers.includes(address)), 'the PLL is changed while it runs');
    registers.set(address, ((raw(address) & ~mask) | value) >>> 0);
    check(step);
  }
  const coreHz = systemHz();
  return { coreHz, uartHz: tree.uartHz(coreHz, read) };
}

const bit = (register: number, at: number) => (read: Read) => ((read(register) >> at) & 1) === 1;
const within = (hz: number, low: number, high: number) => hz >= low * MHz && hz <= high * MHz;
/** Dividers of a bus: below 4 none, then 2, 4 … */
const divider = (field: number) => (field < 4 ? 1 : 2 << (field - 4));

const stm32f4 = (steps: readonly number[], scales: Readonly<Record<number, number>>, apb1: number, apb2: number): ClockTree => ({
  reset: [
    [0x40023800, 0x83],
    [0x40023804, 0x24003010],
    [0x40007000, 0x8000],
  ],
  answers: [
    [0x40023800, 1 << 1, bit(0x40023800, 0)],
    [0x40023800, 1 << 25, bit(0x40023800, 24)],
    [0x40007004, 1 << 14, bit(0x40023800, 24)],
    [0x40007004, 1 << 16, bit(0x40007000, 16)],
    [0x40007004, 1 << 17, (read) => bit(0x40007000, 16)(read) && bit(0x40007000, 17)(read)],
  ],
  system: [0x40023808, 0, 2, 3],
  source(value, read) {
    if (value === 0) return 16 * MHz;
    const configuration = read(0x40023804);
    const input = (16 * MHz) / (configuration & 0x3f);
    const vco = input * ((configuration >> 6) & 0x1ff);
    if (value !== 2 || !bit(0x40023800, 25)(read) || configuration & (1 << 22)) return 0;
    require(within(input, 1, 2) && within(vco, 192, 432), 'the PLL is out of its range');
    return vco / (2 * (((configuration >> 16) & 3) + 1));
  },
  pll: { on: [0x40023800, 24], registers: [0x40023804] },
  latency: [0x40023c00, (waits) => (steps[waits] ?? 0) * MHz],
  voltageLimit(read) {
    require(bit(0x40023840, 28)(read) || read(0x40007000) === 0x8000, 'PWR has no clock');
    const limit = (scales[(read(0x40007000) >> 14) & 3] ?? 0) * MHz;
    return bit(0x40007000, 17)(read) ? limit : Math.min(limit, 168 * MHz);
  },
  uartHz(hz, read) {
    const [first, second] = [hz / divider((read(0x40023808) >> 10) & 7), hz / divider((read(0x40023808) >> 13) & 7)];
    require(first <= apb1 * MHz && second <= apb2 * MHz, 'a bus is too fast');
    return first;
  },
});

const by30 = [30, 60, 90, 120, 150, 180];

const stm32l4 = (uartShift: number, steps: readonly number[]): ClockTree => ({
  reset: [
    [0x40021000, 0x63],
    [0x4002100c, 0x1000],
    [0x40007000, 0x200],
    [0x40022000, 0x600],
  ],
  answers: [
    [0x40021000, 1 << 10, bit(0x40021000, 8)],
    [0x40021000, 1 << 25, bit(0x40021000, 24)],
  ],
  system: [0x40021008, 0, 2, 3],
  source(value, read) {
    if (value === 0) return 4 * MHz;
    if (value === 1) return bit(0x40021000, 10)(read) ? 16 * MHz : 0;
    const configuration = read(0x4002100c);
    const input = (16 * MHz) / (((configuration >> 4) & 15) + 1);
    const vco = input * ((configuration >> 8) & 0x7f);
    if (value !== 3 || !bit(0x40021000, 25)(read) || !(configuration & (1 << 24)) || (configuration & 3) !== 2) return 0;
    require(within(input, 4, 16) && within(vco, 64, 344), 'the PLL is out of its range');
    return vco / (2 * (((configuration >> 25) & 3) + 1));
  },
  pll: { on: [0x40021000, 24], registers: [0x4002100c] },
  latency: [0x40022000, (waits) => (steps[waits] ?? 0) * MHz],
  voltageLimit: (read) => (((read(0x40007000) >> 9) & 3) === 1 ? 80 * MHz : 26 * MHz),
  // HSI16, which has to run.
  uartHz: (hz, read) => (((read(0x40021088) >> uartShift) & 3) === 2 && bit(0x40021000, 10)(read) ? 16 * MHz : hz),
});

const stm32u5: ClockTree = {
  reset: [
    [0x46020c00, 5],
    [0x40022000, 1],
    [0x46020c34, 0x01010280],
  ],
  answers: [
    [0x46020c00, 1 << 10, bit(0x46020c00, 8)],
    [0x46020c00, 1 << 25, bit(0x46020c00, 24)],
    [0x4602080c, 1 << 15, bit(0x46020c94, 2)],
    // The booster runs from the PLL's source.
    [0x4602080c, 1 << 14, (read) => bit(0x4602080c, 18)(read) && (read(0x46020c28) & 3) !== 0],
  ],
  system: [0x46020c1c, 0, 2, 3],
  source(value, read) {
    if (value === 0) return 4 * MHz;
    if (value === 1) return bit(0x46020c00, 10)(read) ? 16 * MHz : 0;
    const [configuration, dividers] = [read(0x46020c28), read(0x46020c34)];
    const input = (16 * MHz) / (((configuration >> 8) & 15) + 1);
    const vco = input * ((dividers & 0x1ff) + 1);
    const r = ((dividers >> 24) & 0x7f) + 1;
    if (value !== 3 || !bit(0x46020c00, 25)(read) || !(configuration & (1 << 18)) || (configuration & 3) !== 2) return 0;
    require(within(input, 8, 16) && ((configuration >> 2) & 3) === 3 && within(vco, 128, 544), 'the PLL is out of its range');
    require(r === 1 || r % 2 === 0, 'an odd divider');
    return vco / r;
  },
  pll: { on: [0x46020c00, 24], registers: [0x46020c28, 0x46020c34] },
  latency: [0x40022000, (waits, read) => ((((read(0x4602080c) >> 16) & 3) === 3 ? [32, 64, 96, 128, 160] : [8, 16, 24])[waits] ?? 0) * MHz],
  voltageLimit(read) {
    const limit = ([25, 55, 110, 160][(read(0x4602080c) >> 16) & 3] as number) * MHz;
    return bit(0x4602080c, 14)(read) ? limit : Math.min(limit, 55 * MHz);
  },
  uartHz: (hz, read) => ((read(0x46020ce0) & 3) === 2 && bit(0x46020c00, 10)(read) ? 16 * MHz : hz),
};

const stm32h7: ClockTree = {
  reset: [
    [0x58024400, 0x83],
    [0x58024428, 0x02020200],
    [0x5802442c, 0x01ff0000],
    [0x58024430, 0x01010280],
    [0x58024818, 0x4000],
    [0x52002000, 0x37],
  ],
  answers: [
    [0x58024400, 1 << 2, bit(0x58024400, 0)],
    [0x58024400, 1 << 25, bit(0x58024400, 24)],
    // PWR_CR3 was written before the start.
    [0x58024818, 1 << 13, () => true],
  ],
  system: [0x58024410, 0, 3, 7],
  source(value, read) {
    const hsi = bit(0x58024400, 2)(read) ? (64 * MHz) >> ((read(0x58024400) >> 3) & 3) : 0;
    if (value === 0) return hsi;
    const [select, configuration, dividers] = [read(0x58024428), read(0x5802442c), read(0x58024430)];
    const input = hsi / ((select >> 4) & 0x3f);
    const vco = input * ((dividers & 0x1ff) + 1);
    if (value !== 3 || !bit(0x58024400, 25)(read) || select & 3 || !(configuration & (1 << 16))) return 0;
    require(within(input, 8, 16) && (configuration & 15) === 12 && within(vco, 192, 836), 'the PLL is out of its range');
    return vco / (((dividers >> 9) & 0x7f) + 1);
  },
  pll: { on: [0x58024400, 24], registers: [0x58024428, 0x5802442c, 0x58024430] },
  // Of the bus, by voltages VOS1 and VOS3 of the H723, which are not above the H743's; 7 wait states are enough for anything.
  latency: [
    0x52002000,
    (waits, read) => {
      const isHigh = ((read(0x58024818) >> 14) & 3) === 3;
      const limit = (isHigh ? [67, 133, 200] : [35, 70, 85])[waits] ?? 200;
      return limit * ahbDivider(read) * MHz;
    },
  ],
  voltageLimit: (read) => (((read(0x58024818) >> 14) & 3) === 3 ? 400 : 170) * MHz,
  uartHz(hz, read) {
    const bus = hz / ahbDivider(read);
    for (const [register, shift] of [
      [0x58024418, 4],
      [0x5802441c, 4],
      [0x5802441c, 8],
      [0x58024420, 4],
    ] as const)
      require(bus <= 200 * MHz && bus / divider((read(register) >> shift) & 7) <= 100 * MHz, 'a bus is too fast');
    return (read(0x58024454) & 7) === 3 ? (64 * MHz) >> ((read(0x58024400) >> 3) & 3) : bus / divider((read(0x5802441c) >> 4) & 7);
  },
};

function ahbDivider(read: Read): number {
  const field = read(0x58024418) & 15;
  return field < 8 ? 1 : 2 << (field - 8);
}

/** By the beginning of a board's name. */
export const clockTrees: Readonly<Record<string, ClockTree>> = {
  'nucleo-f401': stm32f4([30, 60, 84], { 2: 84, 1: 60 }, 42, 84),
  'nucleo-f411': stm32f4([30, 64, 90, 100], { 3: 100, 2: 84, 1: 64 }, 50, 100),
  'nucleo-f446': stm32f4(by30, { 3: 180, 2: 168, 1: 120 }, 45, 90),
  'nucleo-f429': stm32f4(by30, { 3: 180, 2: 168, 1: 120 }, 45, 90),
  'nucleo-l432': stm32l4(2, [16, 32, 48, 64, 80]),
  'nucleo-l476': stm32l4(2, [16, 32, 48, 64, 80]),
  'nucleo-l4r5': stm32l4(10, [20, 40, 60, 80, 100, 120]),
  'nucleo-u5': stm32u5,
  'nucleo-h7': stm32h7,
};
