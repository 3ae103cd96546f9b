/** Beside index.ts in builds that are looked into: calibration, comparison layer by layer, profiles. Packages do without. */
import { context } from "./context";
import { CONTEXT_ENGINE } from "./format";
import { modelAddress } from "./index";
import { runRange } from "./run";
import { tensorAddress as addressOf, word } from "./step";

/** ENGINE_… bits of microkernels/relaxed-simd.ts, known after loadModel(); 0: every layer runs in its plain form. */
export function engineBits(): i32 {
  return word(context, CONTEXT_ENGINE);
}

/** Runs the steps first … last - 1. */
export function runSteps(first: i32, last: i32): void {
  runRange(modelAddress(), first, last);
}

/** Address of a tensor by its index in the packed model. */
export function tensorAddress(index: i32): usize {
  return addressOf(context, index);
}
