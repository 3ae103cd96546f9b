/** Steps of a wiring: what board.h does to registers before the monitor runs. */

/** register = (register & ~mask) | value; or wait until (register & mask) == value. */
export interface RegisterStep {
  readonly address: number;
  readonly mask: number;
  readonly value: number;
  readonly waits?: true;
  /** Width of the register; default: 32. */
  readonly bits?: RegisterBits;
}

export type RegisterBits = 8 | 16 | 32;

export const change = (address: number, mask: number, value: number): RegisterStep => ({ address, mask, value });

export const write = (address: number, value: number, bits?: RegisterBits): RegisterStep => ({
  ...change(address, 0xffffffff, value),
  ...(bits && { bits }),
});

export const until = (address: number, mask: number, value: number, bits?: RegisterBits): RegisterStep => ({
  ...change(address, mask, value),
  ...(bits && { bits }),
  waits: true,
});
