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

/** Calls `see` for the expression and everything inside. */
export function visit(ref: number, see: (info: binaryen.ExpressionInfo) => void): void {
  const info = binaryen.getExpressionInfo(ref);
  see(info);
  for (const child of childRefs(info)) visit(child, see);
}

const operandNames = 'children body condition ifTrue ifFalse value operands left right ptr dest source size vec shift a b c index'.split(
  ' ',
);

function childRefs(info: binaryen.ExpressionInfo): number[] {
  if (info.id === ids.Const || info.id === ids.LocalGet) return [];
  const fields = info as unknown as Record<string, unknown>;
  return operandNames.flatMap((name) => {
    // The index of a local or lane is a number, too.
    if (name === 'index') return [];
    const field = fields[name];
    if (Array.isArray(field)) return field as number[];
    return typeof field === 'number' && field !== 0 ? [field] : [];
  });
}
