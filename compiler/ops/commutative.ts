/** Importers of commutative operators: with a constant number on either side the node is a unary function of the other. */
import { type Combine, type ElementwiseAttributes, scalarOperand, unclamped } from './elementwise.ts';
import type { Op } from './op.ts';
import { addUnary } from './unary.ts';

/**
 * @param op the operator on two tensors; a function, because the operator's own file calls this
 * @param unary the key of `unaryFunctions` that stands for the operator with a constant number
 * @param parameters of that function for the number
 */
export function commutative(
  op: () => Op<ElementwiseAttributes>,
  unary: string,
  parameters: (value: number) => { readonly alpha: number; readonly beta?: number },
): Combine {
  return (graph, a, b, output) => {
    for (const [constant, other] of [[b, a] as const, [a, b] as const]) {
      const value = scalarOperand(graph, constant, other);
      if (value !== undefined) return addUnary(graph, other, unary, { ...parameters(value), output });
    }
    return graph.addOne(op(), [a, b], unclamped, output ? { output } : {});
  };
}
