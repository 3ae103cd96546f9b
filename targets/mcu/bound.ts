/** Sizes where no compiler is at hand. */

/**
 * Machine code per byte of the kernels' C text, at most: the largest ratio over all opcodes and the cores that tests
 * compile for (LRN on RV32IMC, 0.60), and a tenth more.
 */
const TEXT_PER_SOURCE_BYTE = 0.66;

/** Calls of the kernels, and the compiler's own functions: division, soft floats. */
const FIXED_TEXT_BYTES = 6 * 1024;
const TEXT_PER_STEP = 24;

/** @param sourceBytes of the emitted runtime */
export function textBound(sourceBytes: number, steps: number): number {
  return Math.ceil(sourceBytes * TEXT_PER_SOURCE_BYTE) + FIXED_TEXT_BYTES + steps * TEXT_PER_STEP;
}

/** The kernels keep no tables on the stack. */
export const STACK_BOUND = 1024;
