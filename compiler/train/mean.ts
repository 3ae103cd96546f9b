/** Reduce to the mean over all positions, [N, H, W, C] → [N, C]: the global average pool. */
import { type Node, valueOf } from '../graph.ts';
import type { ReduceAttributes } from '../ops/reduce.ts';
import { type GradientRule, outputOf } from './gradient-rule.ts';
import type { Numbers } from './memory.ts';

export const meanGradient: GradientRule = (node: Node<ReduceAttributes>, scope) => {
  const [name] = node.inputs as [string];
  const { shape } = valueOf(scope.graph, name).type;
  const { axes } = node.attributes;
  const isGlobal = axes.length === shape.length - 2 && axes.every((axis, i) => axis === i + 1);
  if (node.attributes.function !== 'Mean' || !isGlobal) return undefined;
  const x: Numbers = scope.value(name);
  const dx = scope.gradient(name);
  const { y, dy } = outputOf(node, scope);
  const channels = shape.at(-1) as number;
  const positions = x.length / y.length;
  return {
    forward() {
      y.data.fill(0);
      const [from, to] = [x.data, y.data];
      for (let image = 0; image < to.length; image += channels)
        for (let p = 0; p < positions; p++)
          for (let c = 0; c < channels; c++)
            to[image + c] = (to[image + c] as number) + (from[image * positions + p * channels + c] as number) / positions;
    },
    backward() {
      if (!dx) return;
      const [from, to] = [dy.data, dx.data];
      for (let image = 0; image < from.length; image += channels)
        for (let p = 0; p < positions; p++)
          for (let c = 0; c < channels; c++) {
            const at = image * positions + p * channels + c;
            to[at] = (to[at] as number) + (from[image + c] as number) / positions;
          }
    },
  };
};
