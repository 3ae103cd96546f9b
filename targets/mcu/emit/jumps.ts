/** Jumps of WASM: break and continue where C has them, else goto. */
import type binaryen from 'binaryen';
import { operandsOf, valueOf } from './expression.ts';
import type { FunctionWriter, Ref, Sink } from './function-writer.ts';
import { give, giveValue } from './sink.ts';
import { jump, type List } from './statement.ts';
import { as, equals, primary, type Value } from './value.ts';

function jumpTo(fn: FunctionWriter, name: string, next: ReadonlySet<string>): void {
  if (next.has(name) || fn.hasLeft()) return;
  const loop = fn.loops.at(-1);
  if (loop?.label === name) fn.push(jump('continue;'));
  else if (loop?.behind.has(name)) fn.push(jump('break;'));
  else {
    fn.usedLabels.add(name);
    fn.push(jump(`goto ${fn.labelName(name)};`));
  }
}

export function writeBreak(fn: FunctionWriter, { name, condition, value }: binaryen.BreakInfo, next: ReadonlySet<string>): void {
  if (value) {
    breakWithValue(fn, name, condition, value, next);
    return;
  }
  if (!condition) {
    jumpTo(fn, name, next);
    return;
  }
  const test = as(valueOf(fn, condition), 'bool');
  fn.pushBranch(
    test,
    fn.list(() => jumpTo(fn, name, next)),
    [],
  );
}

/** @returns the value, which a break that is not taken leaves where it stands */
export function breakWithValue(fn: FunctionWriter, name: string, condition: Ref, value: Ref, next: ReadonlySet<string>): Value {
  const sink = fn.blockSinks.get(name) as Sink;
  if (!condition) {
    give(fn, sink, value);
    jumpTo(fn, name, next);
    return primary('0u', 'u32');
  }
  const [kept, test] = operandsOf(fn, [value, condition]) as [Value, Value];
  const taken = fn.list(() => {
    giveValue(fn, sink, kept);
    jumpTo(fn, name, next);
  });
  fn.pushBranch(as(test, 'bool'), taken, []);
  return kept;
}

export function writeSwitch(fn: FunctionWriter, { names, defaultName, condition }: binaryen.SwitchInfo, next: ReadonlySet<string>): void {
  const [index] = operandsOf(fn, [condition]) as [Value];
  const target = fn.keep(as(index, 'u32'));
  const goto = (name: string) => fn.list(() => jumpTo(fn, name, new Set()));
  let otherwise = defaultName && !next.has(defaultName) ? goto(defaultName) : [];
  for (const [i, name] of [...names.entries()].reverse()) {
    if (name === defaultName) continue;
    const yes = next.has(name) ? [] : goto(name);
    otherwise = [{ kind: 'branch', condition: equals(target, i).text, reads: target.reads, yes, no: otherwise }];
  }
  for (const statement of otherwise) fn.push(statement);
}

export function closeBlock(fn: FunctionWriter, name: string, body: List): void {
  if (fn.usedLabels.has(name)) for (const statement of labelled(fn, name, body)) fn.push(statement);
  else for (const statement of body) fn.push(statement);
}

/** A round that inner loops may end: the label stands where `continue` goes. */
export function labelled(fn: FunctionWriter, name: string, body: List): List {
  return [{ kind: 'block', label: fn.labelName(name), body }];
}
