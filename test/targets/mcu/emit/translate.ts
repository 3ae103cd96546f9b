/** WebAssembly text → C text. */
import binaryen from 'binaryen';
import { emitModule } from '../../../../targets/mcu/emit/emit-module.ts';
import { simplify } from '../../../../targets/mcu/emit/simplify.ts';

/** The definitions of all functions that the exports need; names of locals are kept. */
export function translate(text: string, imports: readonly string[] = []): string {
  binaryen.setDebugInfo(true);
  const module = binaryen.parseText(text);
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  return emitModule(simplify(module.emitBinary(), names), { prefix: '', imports: imports.map((name) => ({ name })) }).definitions;
}
