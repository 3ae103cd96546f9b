/** What binaryen has at run time and its declarations do not say: enumerations that are not erased, and misplaced names. */
import binaryen from 'binaryen';

type Id =
  | 'Nop'
  | 'Block'
  | 'If'
  | 'Loop'
  | 'Break'
  | 'Switch'
  | 'Call'
  | 'LocalGet'
  | 'LocalSet'
  | 'Load'
  | 'Store'
  | 'SIMDExtract'
  | 'SIMDReplace'
  | 'SIMDShuffle'
  | 'SIMDTernary'
  | 'SIMDShift'
  | 'SIMDLoad'
  | 'SIMDLoadStoreLane'
  | 'MemoryCopy'
  | 'MemoryFill'
  | 'Const'
  | 'Unary'
  | 'Binary'
  | 'Select'
  | 'Drop'
  | 'Return'
  | 'Unreachable';

interface Undeclared {
  readonly ExpressionIds: Readonly<Record<Id, number>>;
  readonly Function: { hasLocalName(fn: number, index: number): boolean; getLocalName(fn: number, index: number): string };
}

const undeclared = binaryen as unknown as Undeclared;

/** Kinds of expressions. */
export const ids: Readonly<Record<Id, number>> = undeclared.ExpressionIds;

/** The name of a kind of expression, for errors. */
export function expressionName(id: number): string {
  return Object.entries(ids).find(([, value]) => value === id)?.[0] ?? `expression ${id}`;
}

/** The source's name of a local, as far as the module has it. */
export function localName(fn: number, index: number): string | undefined {
  return undeclared.Function.hasLocalName(fn, index) ? undeclared.Function.getLocalName(fn, index) : undefined;
}

export function countDataSegments(module: binaryen.Module): number {
  return (module as unknown as { getNumDataSegments(): number }).getNumDataSegments();
}
