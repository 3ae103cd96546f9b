/** Add of two values of one shape: the gradient passes to both. */
import type { Node } from '../graph.ts';
import type { ElementwiseAttributes } from '../ops/elementwise.ts';
import { clampBackward, clampForward } from './clamp.ts';
import { type GradientRule, outputOf } from './gradient-rule.ts';
import type { Numbers } from './memory.ts';

export const addGradient: GradientRule = (node: Node<ElementwiseAttributes>, scope) => {
  const { clamp } = node.attributes;
  const [a, b] = node.inputs.map((name) => scope.value(name)) as [Numbers, Numbers];
  const { y, dy } = outputOf(node, scope);
  if (a.length !== y.length || b.length !== y.length) return undefined;
  const gradients = node.inputs.map((name) => scope.gradient(name));
  return {
    forward() {
      const [first, second, sum] = [a.data, b.data, y.data];
      for (let i = 0; i < sum.length; i++) sum[i] = (first[i] as number) + (second[i] as number);
      clampForward(y, clamp);
    },
    backward() {
      clampBackward(y, dy, clamp);
      for (const gradient of gradients) if (gradient) addInto(gradient.data, dy.data);
    },
  };
};

export function addInto(target: Float32Array, source: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + (source[i] as number);
}
