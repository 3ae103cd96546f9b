/** The compressed instructions of RV32C as the 32-bit instructions that they stand for (The RISC-V Instruction Set Manual I, chapter 16). */

/** No instruction: all zeros are illegal by definition. */
const ILLEGAL = 0;

/** Bits `from` down to `to` of the instruction, moved to bit `at`. */
type Bits = readonly [from: number, to: number, at: number];

function gather(i: number, ...parts: readonly Bits[]): number {
  return parts.reduce((value, [from, to, at]) => value | (((i >> to) & ((2 << (from - to)) - 1)) << at), 0);
}

function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

const iType = (opcode: number, kind: number, rd: number, rs1: number, immediate: number) =>
  (immediate << 20) | (rs1 << 15) | (kind << 12) | (rd << 7) | opcode;
const rType = (group: number, kind: number, rd: number, rs1: number, rs2: number) =>
  (group << 25) | (rs2 << 20) | (rs1 << 15) | (kind << 12) | (rd << 7) | 0x33;
const storeWord = (rs1: number, rs2: number, offset: number) =>
  ((offset >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (2 << 12) | ((offset & 31) << 7) | 0x23;
const jump = (rd: number, offset: number) =>
  (((offset >> 20) & 1) << 31) | (gather(offset, [10, 1, 21], [11, 11, 20]) | (offset & 0xff000) | (rd << 7) | 0x6f);
const branch = (kind: number, rs1: number, offset: number) =>
  (((offset >> 12) & 1) << 31) | gather(offset, [10, 5, 25], [4, 1, 8], [11, 11, 7]) | (rs1 << 15) | (kind << 12) | 0x63;

function quadrant0(i: number): number {
  const [rd, rs1] = [8 + gather(i, [4, 2, 0]), 8 + gather(i, [9, 7, 0])];
  const offset = gather(i, [12, 10, 3], [6, 6, 2], [5, 5, 6]);
  switch (i >> 13) {
    case 0: {
      const immediate = gather(i, [12, 11, 4], [10, 7, 6], [6, 6, 2], [5, 5, 3]);
      return immediate ? iType(0x13, 0, rd, 2, immediate) : ILLEGAL;
    }
    case 2:
      return iType(0x03, 2, rd, rs1, offset);
    case 6:
      return storeWord(rs1, rd, offset);
    default:
      return ILLEGAL;
  }
}

function arithmetic(i: number): number {
  const rd = 8 + gather(i, [9, 7, 0]);
  const rs2 = 8 + gather(i, [4, 2, 0]);
  const immediate = gather(i, [12, 12, 5], [6, 2, 0]);
  const kind = gather(i, [11, 10, 0]);
  if (kind === 2) return iType(0x13, 7, rd, rd, signed(immediate, 6));
  if (immediate & 32) return ILLEGAL;
  if (kind < 2) return iType(0x13, 5, rd, rd, immediate | (kind << 10));
  const which = gather(i, [6, 5, 0]);
  return rType(which === 0 ? 0x20 : 0, [0, 4, 6, 7][which] as number, rd, rd, rs2);
}

function quadrant1(i: number): number {
  const rd = gather(i, [11, 7, 0]);
  const immediate = signed(gather(i, [12, 12, 5], [6, 2, 0]), 6);
  const target = signed(gather(i, [12, 12, 11], [11, 11, 4], [10, 9, 8], [8, 8, 10], [7, 7, 6], [6, 6, 7], [5, 3, 1], [2, 2, 5]), 12);
  switch (i >> 13) {
    case 0:
      return iType(0x13, 0, rd, rd, immediate);
    case 1:
      return jump(1, target);
    case 2:
      return iType(0x13, 0, rd, 0, immediate);
    case 3: {
      if (rd === 2) {
        const step = signed(gather(i, [12, 12, 9], [6, 6, 4], [5, 5, 6], [4, 3, 7], [2, 2, 5]), 10);
        return step ? iType(0x13, 0, 2, 2, step) : ILLEGAL;
      }
      return immediate ? (immediate << 12) | (rd << 7) | 0x37 : ILLEGAL;
    }
    case 4:
      return arithmetic(i);
    case 5:
      return jump(0, target);
    default: {
      const offset = signed(gather(i, [12, 12, 8], [11, 10, 3], [6, 5, 6], [4, 3, 1], [2, 2, 5]), 9);
      return branch(i >> 13 === 6 ? 0 : 1, 8 + gather(i, [9, 7, 0]), offset);
    }
  }
}

function quadrant2(i: number): number {
  const rd = gather(i, [11, 7, 0]);
  const rs2 = gather(i, [6, 2, 0]);
  const high = gather(i, [12, 12, 0]);
  switch (i >> 13) {
    case 0:
      return high ? ILLEGAL : iType(0x13, 1, rd, rd, rs2);
    case 2:
      return rd ? iType(0x03, 2, rd, 2, gather(i, [12, 12, 5], [6, 4, 2], [3, 2, 6])) : ILLEGAL;
    case 4:
      if (rs2) return rType(0, 0, rd, high ? rd : 0, rs2);
      if (!rd) return high ? 0x100073 : ILLEGAL;
      return iType(0x67, 0, high, rd, 0);
    case 6:
      return storeWord(2, rs2, gather(i, [12, 9, 2], [8, 7, 6]));
    default:
      return ILLEGAL;
  }
}

/** @returns 0, which is no instruction, for what RV32C does not have */
export function expand(i: number): number {
  return [quadrant0, quadrant1, quadrant2][i & 3]?.(i) ?? ILLEGAL;
}
