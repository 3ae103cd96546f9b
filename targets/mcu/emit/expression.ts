/** Expressions of WASM → expressions of C. */
import binaryen from 'binaryen';
import { expressionName, ids } from './binaryen.ts';
import { writeBlock, writeBranch, writeSequence, writeStatement } from './control.ts';
import type { FunctionWriter, Ref } from './function-writer.ts';
import { breakWithValue, writeBreak } from './jumps.ts';
import { writeLoop } from './loops.ts';
import { load } from './memory.ts';
import { binaryOperators, type CType, cType, operatorName, unaryOperators, zeroTests } from './operators.ts';
import { give, needsStatement } from './sink.ts';
import type { List } from './statement.ts';
import { as, binary, float, integer, logical, negated, primary, ternary, unary, type Value } from './value.ts';

/** Longer expressions are cut: part of them gets a name. */
const LONGEST_EXPRESSION = 200;

/** The values of operands in WASM's order of evaluation: what a later one changes, an earlier one has read before. */
export function operandsOf(fn: FunctionWriter, refs: readonly Ref[]): Value[] {
  let values: Value[] = [];
  for (const ref of refs) {
    let value: Value | undefined;
    let hoisted: List = [];
    const { locals, memory } = fn.effectsOf(() => {
      hoisted = fn.list(() => {
        value = valueOf(fn, ref);
      });
    });
    for (const index of locals) fn.effects.locals.add(index);
    fn.effects.memory ||= memory;
    const isChanged = (earlier: Value) => (memory && earlier.readsMemory) || [...earlier.reads].some((index) => locals.has(index));
    if (hoisted.length) values = values.map((earlier) => (isChanged(earlier) ? fn.keep(earlier) : earlier));
    for (const statement of hoisted) fn.push(statement);
    values.push(value as Value);
  }
  return values;
}

/** Cuts an expression that has become too long to read. */
export function cut(fn: FunctionWriter, values: Value[]): Value[] {
  const total = values.reduce((sum, value) => sum + value.text.length, 0);
  if (total <= LONGEST_EXPRESSION) return values;
  const longest = values.reduce((a, b) => (b.text.length > a.text.length ? b : a));
  return values.map((value) => (value === longest ? fn.keep(value) : value));
}

/** The value of an expression; statements that must come first are written. */
export function valueOf(fn: FunctionWriter, ref: Ref): Value {
  const info = binaryen.getExpressionInfo(ref);
  switch (info.id) {
    case ids.Const:
      return constant(fn, info as binaryen.ConstInfo);
    case ids.LocalGet:
      return fn.read((info as binaryen.LocalGetInfo).index);
    case ids.LocalSet: {
      const { index, value, isTee } = info as binaryen.LocalSetInfo;
      give(fn, index, value);
      return isTee ? fn.read(index) : primary('', 'u32');
    }
    case ids.Unary:
      return unaryValue(fn, info as binaryen.UnaryInfo);
    case ids.Binary: {
      const { op, left, right } = info as binaryen.BinaryInfo;
      const operator = binaryOperators.get(op) ?? fn.fail(operatorName('binary', op));
      const [a, b] = cut(fn, operandsOf(fn, [left, right])) as [Value, Value];
      return binary(operator, a, b);
    }
    case ids.Select: {
      const { ifTrue, ifFalse, condition } = info as binaryen.SelectInfo;
      const [yes, no, test] = cut(fn, operandsOf(fn, [ifTrue, ifFalse, condition])) as [Value, Value, Value];
      return choice(test, yes, no);
    }
    case ids.Load:
      return load(fn, info as binaryen.LoadInfo);
    case ids.Call: {
      const call = callOf(fn, info as binaryen.CallInfo);
      return call.writes ? keepCall(fn, call.value) : call.value;
    }
    case ids.If:
      return ifValue(fn, ref, info as binaryen.IfInfo);
    case ids.Block:
      return blockValue(fn, ref, info as binaryen.BlockInfo);
    case ids.Loop:
      return loopValue(fn, info as binaryen.LoopInfo);
    case ids.Break: {
      const { name, condition, value } = info as binaryen.BreakInfo;
      if (value) return breakWithValue(fn, name, condition, value, new Set());
      writeBreak(fn, info as binaryen.BreakInfo, new Set());
      return primary('0u', 'u32');
    }
    case ids.Nop:
    case ids.Drop:
    case ids.Store:
    case ids.MemoryCopy:
    case ids.MemoryFill:
    case ids.Switch:
    case ids.Return:
    case ids.Unreachable:
      // No value: nobody waits for it, or control never comes back.
      writeStatement(fn, ref, new Set());
      return primary('0u', 'u32');
    default:
      return fn.fail(expressionName(info.id));
  }
}

/** The value of an expression that is stored or returned at once: a call needs no name of its own. */
export function takenValue(fn: FunctionWriter, ref: Ref): { value: Value; writes: boolean } {
  const info = binaryen.getExpressionInfo(ref);
  if (info.id !== ids.Call) return { value: valueOf(fn, ref), writes: false };
  const call = callOf(fn, info as binaryen.CallInfo);
  fn.effects.memory ||= call.writes;
  return call;
}

function keepCall(fn: FunctionWriter, value: Value): Value {
  const index = fn.newLocal(value.type);
  fn.assign(index, value, true);
  fn.effects.memory = true;
  return fn.read(index);
}

function constant(fn: FunctionWriter, { type, value }: binaryen.ConstInfo): Value {
  if (type === binaryen.i32) return integer(BigInt(value as number), 32);
  if (type === binaryen.f32) return float(value as number, 'f32');
  if (type === binaryen.f64) return float(value as number, 'f64');
  if (type === binaryen.i64) {
    if (typeof value === 'bigint') return integer(value, 64);
    const { low, high } = value as { low: number; high: number };
    return integer((BigInt(high) << 32n) | BigInt(low >>> 0), 64);
  }
  return fn.fail('a v128 constant');
}

function unaryValue(fn: FunctionWriter, { op, value }: binaryen.UnaryInfo): Value {
  const operand = valueOf(fn, value);
  if (zeroTests.has(op)) return negated(operand);
  return unary(unaryOperators.get(op) ?? fn.fail(operatorName('unary', op)), operand);
}

export function callOf(fn: FunctionWriter, { target, operands, isReturn }: binaryen.CallInfo): { value: Value; writes: boolean } {
  if (isReturn) fn.fail('a tail call');
  const callee = fn.callees.get(target) ?? fn.fail(`a call of ${target}`);
  const values = cut(fn, operandsOf(fn, operands)).map((value, i) => as(value, callee.parameters[i] as CType));
  const called = `${callee.name}(${values.map((value) => value.text).join(', ')})`;
  return { value: primary(called, callee.result ?? 'u32', values, callee.reads || callee.writes), writes: callee.writes };
}

function ifValue(fn: FunctionWriter, ref: Ref, info: binaryen.IfInfo): Value {
  const { type, condition, ifTrue, ifFalse } = info;
  const result = cType(type);
  if (!result) {
    writeBranch(fn, as(valueOf(fn, condition), 'bool'), ifTrue, ifFalse ? [ifFalse] : [], new Set(), undefined);
    return primary('0u', 'u32');
  }
  if (!needsStatement(fn, info)) {
    const test = as(valueOf(fn, condition), 'bool');
    return choice(test, valueOf(fn, ifTrue), valueOf(fn, ifFalse));
  }
  const index = fn.newLocal(result);
  give(fn, index, ref);
  return fn.read(index);
}

function blockValue(fn: FunctionWriter, ref: Ref, info: binaryen.BlockInfo): Value {
  const { name, children, type } = info;
  const result = cType(type);
  if (!result) {
    writeBlock(fn, info, new Set());
    return primary('0u', 'u32');
  }
  if (!name) {
    writeSequence(fn, children.slice(0, -1), new Set(), undefined);
    return valueOf(fn, children.at(-1) as Ref);
  }
  const index = fn.newLocal(result);
  give(fn, index, ref);
  return fn.read(index);
}

function loopValue(fn: FunctionWriter, info: binaryen.LoopInfo): Value {
  const result = cType(info.type);
  if (!result) {
    writeLoop(fn, info, new Set());
    return primary('0u', 'u32');
  }
  const index = fn.newLocal(result);
  writeLoop(fn, info, new Set(), index);
  return fn.read(index);
}

/** condition ? yes : no, or what is shorter. */
function choice(condition: Value, yes: Value, no: Value): Value {
  const test = as(condition, 'bool');
  // a ? b : a and a ? a : b, as && and || of AssemblyScript come out.
  if (yes.type === 'bool' && no.type === 'bool' && no.text === test.text) return logical('&&', test, yes);
  if (yes.type === 'bool' && no.type === 'bool' && yes.text === test.text) return logical('||', test, no);
  if (no.literal === 0n && yes.type === 'bool') return logical('&&', test, yes);
  if (yes.literal === 1n && no.type === 'bool') return logical('||', test, no);
  if (yes.literal === 1n && no.literal === 0n) return test;
  if (yes.literal === 0n && no.literal === 1n) return negated(test);
  return ternary(test, yes, no);
}
