/** Reshape: the same numbers in the same order. */
import { addInto } from './add.ts';
import { type GradientRule, outputOf } from './gradient-rule.ts';
import type { Numbers } from './memory.ts';

export const reshapeGradient: GradientRule = (node, scope) => {
  const [name] = node.inputs as [string];
  const { y, dy } = outputOf(node, scope);
  const x: Numbers = scope.value(name);
  const dx = scope.gradient(name);
  return {
    forward: () => y.data.set(x.data),
    backward: () => dx && addInto(dx.data, dy.data),
  };
};
