/** The value of an expression, to the local that takes it or out of the function. */
import binaryen from 'binaryen';
import { ids, visit } from './binaryen.ts';
import { writeSequence } from './control.ts';
import { takenValue, valueOf } from './expression.ts';
import type { FunctionWriter, Ref, Sink } from './function-writer.ts';
import { closeBlock } from './jumps.ts';
import { type CType, cType } from './operators.ts';
import { jump, type List } from './statement.ts';
import { as, stored, type Value } from './value.ts';

/** The value of an expression goes to `sink`. */
export function give(fn: FunctionWriter, sink: Sink, ref: Ref): void {
  const info = binaryen.getExpressionInfo(ref);
  if (needsStatement(fn, info)) {
    const { condition, ifTrue, ifFalse } = info;
    const test = as(valueOf(fn, condition), 'bool');
    const [yes, no] = [ifTrue, ifFalse].map((arm) => fn.list(() => give(fn, sink, arm))) as [List, List];
    fn.pushBranch(test, yes, no);
  } else if (info.id === ids.Block && cType(info.type)) {
    giveBlock(fn, sink, info as binaryen.BlockInfo);
  } else {
    const { value, writes } = takenValue(fn, ref);
    giveValue(fn, sink, value, writes);
  }
}

export function giveValue(fn: FunctionWriter, sink: Sink, value: Value, calls = false): void {
  if (sink !== 'return') {
    fn.assign(sink, value, calls);
    return;
  }
  const result = stored(value, fn.result as CType);
  fn.push(jump(`return ${result.text};`, result.reads));
}

function giveBlock(fn: FunctionWriter, sink: Sink, { name, children }: binaryen.BlockInfo): void {
  const [last, rest] = [children.at(-1) as Ref, children.slice(0, -1)];
  if (!name) {
    writeSequence(fn, rest, new Set(), undefined);
    give(fn, sink, last);
    return;
  }
  fn.blockSinks.set(name, sink);
  const body = fn.list(() => {
    writeSequence(fn, rest, new Set(), undefined);
    give(fn, sink, last);
  });
  closeBlock(fn, name, body);
}

/** Whether a value comes from an `if` whose arms need statements. */
export function needsStatement(fn: FunctionWriter, info: binaryen.ExpressionInfo): info is binaryen.IfInfo {
  const { ifTrue, ifFalse } = info as binaryen.IfInfo;
  return info.id === ids.If && cType(info.type) !== undefined && !(isPure(fn, ifTrue) && isPure(fn, ifFalse));
}

/** Whether the expression can be evaluated without a statement, and need not be. */
function isPure(fn: FunctionWriter, ref: Ref): boolean {
  let isPure = true;
  visit(ref, (info) => {
    if (info.id === ids.Call) isPure &&= fn.callees.get((info as binaryen.CallInfo).target)?.writes === false;
    else isPure &&= pureKinds.has(info.id);
  });
  return isPure;
}

/** Kinds of expressions that C evaluates as one, whose operands decide whether they need statements. */
const pureKinds: ReadonlySet<number> = new Set([ids.Const, ids.LocalGet, ids.Unary, ids.Binary, ids.Select, ids.Load, ids.If]);
