/** Optimizations before the translation: they keep the names of locals and leave registers to the C compiler. */
import binaryen from 'binaryen';

/**
 * Binaryen's default passes without those that lose names: coalesce-locals shares one local among unrelated values,
 * ssa-nomerge gives every assignment a local of its own, local-cse names what a C compiler finds by itself.
 */
const functionPasses = [
  'dce',
  'remove-unused-names',
  'remove-unused-brs',
  'optimize-instructions',
  'pick-load-signs',
  'precompute-propagate',
  'code-pushing',
  'simplify-locals-nostructure',
  'vacuum',
  'reorder-locals',
  'remove-unused-brs',
  'simplify-locals',
  'vacuum',
  'reorder-locals',
  'merge-blocks',
  'remove-unused-brs',
  'remove-unused-names',
  'merge-blocks',
  'precompute',
  'optimize-instructions',
  'rse',
  'vacuum',
];

/** A function with one caller is inlined up to this size: larger ones keep their registers to themselves (microcontrollers.md 0). */
const ONE_CALLER_INLINE_SIZE = 30;

/** Binaryen's settings are the process's: whoever used it before, asc above all, has left its own. All but the first three are the defaults. */
function chooseSettings(): void {
  binaryen.setOptimizeLevel(3);
  binaryen.setDebugInfo(true);
  binaryen.setOneCallerInlineMaxSize(ONE_CALLER_INLINE_SIZE);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(2);
  binaryen.setFlexibleInlineMaxSize(20);
  binaryen.setAllowInliningFunctionsWithLoops(false);
  binaryen.setFastMath(false);
  binaryen.setLowMemoryUnused(false);
  binaryen.setZeroFilledMemory(false);
}

/**
 * @param wasm with its name section
 * @param exports what to keep; everything that only others need is removed
 */
export function simplify(wasm: Uint8Array, exports: readonly string[]): binaryen.Module {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.All);
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  for (const name of names) if (!exports.includes(name)) module.removeExport(name);
  chooseSettings();
  module.runPasses(['remove-unused-module-elements', ...functionPasses, 'inlining', ...functionPasses, 'remove-unused-module-elements']);
  return module;
}
