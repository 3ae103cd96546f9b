/** The step table: address and prepared weights of each step; and the loop that runs it. */
import { context } from "./context";
import { runStep } from "./opcodes";

export const STEP_ENTRY_BYTES: usize = 8;

let table: usize = 0;

/** Address of the table, 16-aligned. */
export function stepTable(): usize {
  return table;
}

export function setStepTable(address: usize): void {
  table = address;
}

/** Runs the steps first … last - 1. */
export function runRange(first: i32, last: i32): void {
  let entry = table + <usize>first * STEP_ENTRY_BYTES;
  for (; first < last; first++, entry += STEP_ENTRY_BYTES) runStep(load<u32>(entry), context, load<u32>(entry, 4));
}
