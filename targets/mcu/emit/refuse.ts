/** What a kernel may not contain, because C on a board has no place for it. */
import binaryen from 'binaryen';
import { InvalidGraphError } from '../../../compiler/errors.ts';
import { countDataSegments } from './binaryen.ts';

/** Imports that a build may use: what the C of its vocabulary defines. */
export interface ImportedFunction {
  /** `module.base`, as `@external` names it. */
  readonly name: string;
  /** Whether it changes memory; else it may be called whenever its operands are known. */
  readonly writes?: boolean;
  /** Whether its result depends on memory. */
  readonly reads?: boolean;
}

/** @throws InvalidGraphError with every reason at once */
export function refuseModule(module: binaryen.Module, imports: ReadonlyMap<string, ImportedFunction>): void {
  const reasons: string[] = [];
  const data = countDataSegments(module);
  if (data)
    reasons.push(`${data} data segment(s): static data would lie in RAM and need an initialization; keep tables in the packed model`);
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const { name, mutable, module: from } = binaryen.getGlobalInfo(module.getGlobalByIndex(i));
    if (from) reasons.push(`imported global ${name}`);
    else if (mutable) reasons.push(`mutable global ${name}: kernels keep no state, so that one copy serves every model`);
  }
  if (module.getNumTables()) reasons.push('a function table: indirect calls hide what a kernel needs');
  if (module.getStart()) reasons.push('a start function: nothing runs before a kernel is called');
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { module: from, base } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
    if (from && !imports.has(`${from}.${base}`)) {
      reasons.push(
        `import ${from}.${base}, which the C of this vocabulary does not define (it has: ${[...imports.keys()].join(', ') || 'none'})`,
      );
    }
  }
  if (reasons.length)
    throw new InvalidGraphError(`the kernels cannot be translated to C:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
}
