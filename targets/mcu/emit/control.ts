/** What WASM does in sequence and by condition → statements of C. */
import binaryen from 'binaryen';
import { ids } from './binaryen.ts';
import { callOf, valueOf } from './expression.ts';
import type { FunctionWriter, Ref } from './function-writer.ts';
import { closeBlock, writeBreak, writeSwitch } from './jumps.ts';
import { writeLoop } from './loops.ts';
import { memoryCall, store } from './memory.ts';
import { endsWithBreak } from './shape.ts';
import { give } from './sink.ts';
import { jump, type List, text } from './statement.ts';
import { as, negated, type Value } from './value.ts';

/** Falling off the end of a function without a result is a return. */
const END = '(end of the function)';

/** The whole function. */
export function writeBody(fn: FunctionWriter, body: Ref): List {
  return fn.list(() => {
    if (fn.result === undefined) writeStatement(fn, body, new Set([END]));
    else give(fn, 'return', body);
  });
}

/** @param next labels that lie directly behind the statement: there is no need to jump to them */
export function writeStatement(fn: FunctionWriter, ref: Ref, next: ReadonlySet<string>): void {
  const info = binaryen.getExpressionInfo(ref);
  switch (info.id) {
    case ids.Nop:
      return;
    case ids.Block:
      writeBlock(fn, info as binaryen.BlockInfo, next);
      return;
    case ids.Loop:
      writeLoop(fn, info as binaryen.LoopInfo, next);
      return;
    case ids.If: {
      const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
      writeBranch(fn, as(valueOf(fn, condition), 'bool'), ifTrue, ifFalse ? [ifFalse] : [], next, undefined);
      return;
    }
    case ids.Break:
      writeBreak(fn, info as binaryen.BreakInfo, next);
      return;
    case ids.Switch:
      writeSwitch(fn, info as binaryen.SwitchInfo, next);
      return;
    case ids.LocalSet: {
      const { index, value } = info as binaryen.LocalSetInfo;
      give(fn, index, value);
      return;
    }
    case ids.Store:
      store(fn, info as binaryen.StoreInfo);
      return;
    case ids.MemoryCopy: {
      const { dest, source, size } = info as binaryen.MemoryCopyInfo;
      memoryCall(fn, 'copy_memory', [dest, source, size]);
      return;
    }
    case ids.MemoryFill: {
      const { dest, value, size } = info as binaryen.MemoryFillInfo;
      memoryCall(fn, 'fill_memory', [dest, value, size]);
      return;
    }
    case ids.Call: {
      const { value, writes } = callOf(fn, info as binaryen.CallInfo);
      // A call that only computes has no use as a statement.
      if (writes) fn.push(text(`${value.text};`, value.reads));
      fn.effects.memory ||= writes;
      return;
    }
    case ids.Drop:
      drop(fn, (info as binaryen.DropInfo).value);
      return;
    case ids.Return: {
      const { value } = info as binaryen.ReturnInfo;
      if (value) give(fn, 'return', value);
      else if (!next.has(END)) fn.push(jump('return;'));
      return;
    }
    case ids.Unreachable:
      fn.push(jump('whittle_trap();'));
      return;
    default:
      drop(fn, ref);
  }
}

function drop(fn: FunctionWriter, ref: Ref): void {
  const info = binaryen.getExpressionInfo(ref);
  if (info.id !== ids.Call) {
    valueOf(fn, ref);
    return;
  }
  const { value, writes } = callOf(fn, info as binaryen.CallInfo);
  if (writes) fn.push(text(`(void)${value.text};`, value.reads));
  fn.effects.memory ||= writes;
}

/** Statements one after the other. @param name label behind them, when they are a block's */
export function writeSequence(fn: FunctionWriter, children: readonly Ref[], next: ReadonlySet<string>, name: string | undefined): void {
  for (const [i, child] of children.entries()) {
    const rest = children.slice(i + 1);
    if (rest.length && name && skipsRest(fn, child, rest, next, name)) return;
    writeStatement(fn, child, rest.length ? new Set() : next);
  }
}

/** `br_if` to the end of the own block, or an `if` that ends so: the rest becomes the other arm. */
function skipsRest(fn: FunctionWriter, child: Ref, rest: readonly Ref[], next: ReadonlySet<string>, name: string): boolean {
  const info = binaryen.getExpressionInfo(child);
  if (info.id === ids.Break) {
    const { name: target, condition, value } = info as binaryen.BreakInfo;
    if (target !== name || !condition || value) return false;
    writeBranch(fn, negated(valueOf(fn, condition)), undefined, rest, next, name, true);
    return true;
  }
  if (info.id !== ids.If) return false;
  const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
  if (ifFalse || !endsWithBreak(ifTrue, name)) return false;
  writeBranch(fn, as(valueOf(fn, condition), 'bool'), ifTrue, rest, next, name);
  return true;
}

/** @param isSwapped the rest is the first arm */
export function writeBranch(
  fn: FunctionWriter,
  test: Value,
  ifTrue: Ref | undefined,
  ifFalse: readonly Ref[],
  next: ReadonlySet<string>,
  name: string | undefined,
  isSwapped = false,
): void {
  const yes = fn.list(() => ifTrue !== undefined && writeStatement(fn, ifTrue, next));
  const no = fn.list(() => writeSequence(fn, ifFalse, next, name));
  if (isSwapped) fn.pushBranch(test, no, yes);
  else fn.pushBranch(test, yes, no);
}

export function writeBlock(fn: FunctionWriter, { name, children }: binaryen.BlockInfo, next: ReadonlySet<string>): void {
  if (!name) {
    writeSequence(fn, children, next, undefined);
    return;
  }
  const body = fn.list(() => writeSequence(fn, children, new Set([...next, name]), name));
  closeBlock(fn, name, body);
}
