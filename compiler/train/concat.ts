/** Concat: every input takes its share of the gradient. */
import { elementCount, type Node, valueOf } from '../graph.ts';
import type { ConcatAttributes } from '../ops/concat.ts';
import { type GradientRule, outputOf } from './gradient-rule.ts';

export const concatGradient: GradientRule = (node: Node<ConcatAttributes>, scope) => {
  const { name, y, dy } = outputOf(node, scope);
  const outer = scope.batch * elementCount(valueOf(scope.graph, name).type.shape.slice(0, node.attributes.axis));
  const width = y.length / outer;
  let offset = 0;
  const shares = node.inputs.map((input) => {
    const x = scope.value(input);
    const share = { x, dx: scope.gradient(input), run: x.length / outer, offset };
    offset += share.run;
    return share;
  });
  return {
    forward() {
      for (const { x, run, offset: at } of shares)
        for (let o = 0; o < outer; o++) y.data.set(x.data.subarray(o * run, (o + 1) * run), o * width + at);
    },
    backward() {
      for (const { dx, run, offset: at } of shares) {
        if (!dx) continue;
        const [from, to] = [dy.data, dx.data];
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < run; i++) to[o * run + i] = (to[o * run + i] as number) + (from[o * width + at + i] as number);
      }
    },
  };
};
