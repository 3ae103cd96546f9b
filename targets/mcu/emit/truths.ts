/** Locals that only ever hold 0 or 1: what C writes as a condition without comparing it with 0. */
import binaryen from 'binaryen';
import { ids, visit } from './binaryen.ts';
import { binaryOperators, zeroTests } from './operators.ts';

const bitwise = new Set([binaryen.AndInt32, binaryen.OrInt32, binaryen.XorInt32] as number[]);

/** @param first index of the first local that is no parameter */
export function truthLocals(body: number, first: number): ReadonlySet<number> {
  const values = new Map<number, number[]>();
  visit(body, (info) => {
    if (info.id !== ids.LocalSet) return;
    const { index, value } = info as binaryen.LocalSetInfo;
    if (index >= first) values.set(index, [...(values.get(index) ?? []), value]);
  });
  // Locals may be copies of each other: all are taken for truths until one is found that is none.
  const truths = new Set(values.keys());
  for (let size = -1; size !== truths.size; ) {
    size = truths.size;
    for (const [index, assigned] of values) if (!assigned.every((value) => isTruth(value, truths))) truths.delete(index);
  }
  return truths;
}

function isTruth(ref: number, truths: ReadonlySet<number>): boolean {
  const info = binaryen.getExpressionInfo(ref);
  if (info.type !== binaryen.i32) return false;
  switch (info.id) {
    case ids.Const: {
      const { value } = info as binaryen.ConstInfo;
      return value === 0 || value === 1;
    }
    case ids.LocalGet:
      return truths.has((info as binaryen.LocalGetInfo).index);
    case ids.LocalSet:
      return isTruth((info as binaryen.LocalSetInfo).value, truths);
    case ids.Unary:
      return zeroTests.has((info as binaryen.UnaryInfo).op);
    case ids.Binary: {
      const { op, left, right } = info as binaryen.BinaryInfo;
      if (bitwise.has(op)) return isTruth(left, truths) && isTruth(right, truths);
      return binaryOperators.get(op)?.result === 'bool';
    }
    case ids.Select: {
      const { ifTrue, ifFalse } = info as binaryen.SelectInfo;
      return isTruth(ifTrue, truths) && isTruth(ifFalse, truths);
    }
    case ids.If: {
      const { ifTrue, ifFalse } = info as binaryen.IfInfo;
      return ifFalse !== 0 && isTruth(ifTrue, truths) && isTruth(ifFalse, truths);
    }
    default:
      return false;
  }
}
