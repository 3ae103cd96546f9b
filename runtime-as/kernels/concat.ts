/** CONCAT: x0 … xn-1, each seen as [outer, its bytes / outer], one after the other in every row of y. */
import { CONCAT_OUTER, CONCAT_PARAMETERS } from "../format";
import { copyBytes } from "../microkernels/copy-bytes";
import { operandAddress, operandBytes, operandCount, operandDtype, parameter, parameterCount } from "../step";

export function checkConcat(step: usize, context: usize): bool {
  const inputs = operandCount(step) - 1;
  const outer = parameter(step, CONCAT_OUTER);
  if (inputs < 1 || parameterCount(step) != CONCAT_PARAMETERS || outer < 1) return false;
  const dtype = operandDtype(step, context, inputs);
  let total: i64 = 0;
  for (let i = 0; i < inputs; i++) {
    const bytes = operandBytes(step, context, i);
    // No empty rows: a huge `outer` over empty operands would take forever.
    if (operandDtype(step, context, i) != dtype || bytes < outer || bytes % outer != 0) return false;
    total += bytes;
  }
  return total == operandBytes(step, context, inputs);
}

export function runConcat(step: usize, context: usize, prepared: usize): void {
  const inputs = operandCount(step) - 1;
  const outer = parameter(step, CONCAT_OUTER);
  const rowBytes = operandBytes(step, context, inputs) / outer;
  let y = operandAddress(step, context, inputs);
  for (let i = 0; i < inputs; i++) {
    const bytes = operandBytes(step, context, i) / outer;
    let from = operandAddress(step, context, i);
    let to = y;
    for (let row = 0; row < outer; row++, from += bytes, to += rowBytes) copyBytes(to, from, bytes);
    y += bytes;
  }
}
