/** Beside index.ts in builds that are looked into: calibration, comparison layer by layer, profiles. Packages do without. */
import { context } from "./context";
import { runRange } from "./run";
import { tensorAddress as addressOf } from "./step";

/** Runs the steps first … last - 1. */
export function runSteps(first: i32, last: i32): void {
  runRange(first, last);
}

/** Address of a tensor by its index in the packed model. */
export function tensorAddress(index: i32): usize {
  return addressOf(context, index);
}
