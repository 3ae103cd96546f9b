/** Parameters that ONNX passes as inputs (or, in older opsets, as attributes) but a static compiler must know. */
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';

/**
 * The numbers of input `index`; undefined when it is left out.
 * @throws UnsupportedNodeError when they are computed at run time; `what` names them in the message ("the axes").
 */
export function knownInput(node: OnnxNode, graph: GraphBuilder, index: number, what: string): number[] | undefined {
  const name = node.input(index);
  if (name === undefined) return undefined;
  const numbers = graph.numbers(name);
  if (!numbers) {
    throw node.unsupported(
      `${what} are computed at run time (input ${index}, "${name}")`,
      'export with static shapes, or fix the shapes of the inputs with --input name=…',
    );
  }
  return numbers;
}

/** The numbers of attribute `attribute`, or of input `index` in the opsets that pass them so. @throws UnsupportedNodeError as `knownInput`. */
export function knownInts(node: OnnxNode, graph: GraphBuilder, attribute: string, index: number): number[] | undefined {
  return node.ints(attribute) ?? knownInput(node, graph, index, `the ${attribute}`);
}
