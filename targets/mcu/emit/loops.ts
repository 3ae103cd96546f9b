/** Loops of WASM → do, while and for (;;). */
import binaryen from 'binaryen';
import { ids } from './binaryen.ts';
import { writeSequence } from './control.ts';
import { valueOf } from './expression.ts';
import type { FunctionWriter, Ref } from './function-writer.ts';
import { labelled } from './jumps.ts';
import { childrenOf, endsWithBreak, jumpsTo } from './shape.ts';
import { give } from './sink.ts';
import { jump, type Statement } from './statement.ts';
import { as, negated, type Value } from './value.ts';

/** @param result the local that the value of the body's end goes to */
export function writeLoop(fn: FunctionWriter, { name, body }: binaryen.LoopInfo, next: ReadonlySet<string>, result?: number): void {
  const outer = fn.loops;
  fn.loops = [...outer, { label: name, behind: next }];
  const children = childrenOf(body);
  const statement =
    result !== undefined
      ? valueLoop(fn, children, result)
      : (doLoop(fn, name, children) ?? whileLoop(fn, name, children) ?? foreverLoop(fn, name, children));
  fn.loops = outer;
  fn.push(fn.usedLabels.has(name) && 'body' in statement ? { ...statement, body: labelled(fn, name, statement.body) } : statement);
  // The body may change anything on a later round, before its own first statement.
  fn.effects.memory = true;
}

function valueLoop(fn: FunctionWriter, children: readonly Ref[], result: number): Statement {
  const body = fn.list(() => {
    writeSequence(fn, children.slice(0, -1), new Set(), undefined);
    give(fn, result, children.at(-1) as Ref);
    fn.push(jump('break;'));
  });
  return { kind: 'forever', condition: '', reads: new Set(), body };
}

/** { …; br_if loop } → do { … } while () */
function doLoop(fn: FunctionWriter, name: string, children: readonly Ref[]): Statement | undefined {
  const last = binaryen.getExpressionInfo(children.at(-1) as Ref);
  if (last.id !== ids.Break) return undefined;
  const { name: target, condition, value } = last as binaryen.BreakInfo;
  if (target !== name || !condition || value) return undefined;
  const rest = children.slice(0, -1);
  // `continue` would go to the condition.
  if (rest.some((child) => jumpsTo(child, name))) return undefined;
  const body = fn.list(() => writeSequence(fn, rest, new Set(), undefined));
  let test: Value | undefined;
  const hoisted = fn.list(() => {
    test = as(valueOf(fn, condition), 'bool');
  });
  const { text: shown, reads } = test as Value;
  if (hoisted.length === 0) return { kind: 'do', condition: shown, reads, body };
  const inside = fn.list(() => {
    for (const statement of [...body, ...hoisted]) fn.push(statement);
    fn.pushBranch(negated(test as Value), [jump('break;')], []);
  });
  return { kind: 'forever', condition: '', reads: new Set(), body: inside };
}

/** { if (…) { …; br loop } } → while () { … } */
function whileLoop(fn: FunctionWriter, name: string, children: readonly Ref[]): Statement | undefined {
  const info = binaryen.getExpressionInfo(children[0] as Ref);
  if (children.length !== 1 || info.id !== ids.If) return undefined;
  const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
  if (ifFalse || !endsWithBreak(ifTrue, name)) return undefined;
  let test: Value | undefined;
  const hoisted = fn.list(() => {
    test = as(valueOf(fn, condition), 'bool');
  });
  const rest = fn.list(() => writeSequence(fn, childrenOf(ifTrue), new Set([name]), undefined));
  const { text: shown, reads } = test as Value;
  if (hoisted.length === 0) return { kind: 'while', condition: shown, reads, body: rest };
  const inside = fn.list(() => {
    for (const statement of hoisted) fn.push(statement);
    fn.pushBranch(negated(test as Value), [jump('break;')], []);
    for (const statement of rest) fn.push(statement);
  });
  return { kind: 'forever', condition: '', reads: new Set(), body: inside };
}

function foreverLoop(fn: FunctionWriter, name: string, children: readonly Ref[]): Statement {
  const body = fn.list(() => {
    const last = binaryen.getExpressionInfo(children.at(-1) as Ref);
    const isIf = last.id === ids.If && !(last as binaryen.IfInfo).ifFalse;
    if (isIf && endsWithBreak((last as binaryen.IfInfo).ifTrue, name)) {
      const { condition, ifTrue } = last as binaryen.IfInfo;
      writeSequence(fn, children.slice(0, -1), new Set(), undefined);
      fn.pushBranch(negated(valueOf(fn, condition)), [jump('break;')], []);
      writeSequence(fn, childrenOf(ifTrue), new Set([name]), undefined);
      return;
    }
    const isRound = endsWithBreak(children.at(-1) as Ref, name);
    writeSequence(fn, children, new Set(isRound ? [name] : []), undefined);
    if (!isRound) fn.push(jump('break;'));
  });
  return { kind: 'forever', condition: '', reads: new Set(), body };
}
