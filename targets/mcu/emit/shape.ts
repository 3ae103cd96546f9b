/** Where control goes in an expression. */
import binaryen from 'binaryen';
import { ids, visit } from './binaryen.ts';
import type { Ref } from './function-writer.ts';

export function childrenOf(ref: Ref): readonly Ref[] {
  const info = binaryen.getExpressionInfo(ref);
  if (info.id === ids.Block && !(info as binaryen.BlockInfo).name) return (info as binaryen.BlockInfo).children;
  return [ref];
}

/** Whether the last statement is an unconditional jump to `name`. */
export function endsWithBreak(ref: Ref, name: string): boolean {
  const last = childrenOf(ref).at(-1);
  if (last === undefined) return false;
  const info = binaryen.getExpressionInfo(last);
  if (info.id === ids.Break) {
    const { name: target, condition, value } = info as binaryen.BreakInfo;
    return target === name && !condition && !value;
  }
  if (info.id === ids.Block && last !== ref) return endsWithBreak(last, name);
  return false;
}

/** Whether anything inside jumps to `name`. */
export function jumpsTo(ref: Ref, name: string): boolean {
  let found = false;
  visit(ref, (info) => {
    if (info.id === ids.Break) found ||= (info as binaryen.BreakInfo).name === name;
    if (info.id === ids.Switch) {
      const { names, defaultName } = info as binaryen.SwitchInfo;
      found ||= names.includes(name) || defaultName === name;
    }
  });
  return found;
}
