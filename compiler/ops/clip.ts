/** ONNX Clip: y = min(max(x, low), high). */
import type { ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { maximumOf } from './max.ts';
import { minimumOf } from './min.ts';
import type { OnnxImporter } from './op.ts';
import { addUnary } from './unary.ts';

/** A limit of Clip: an attribute before opset 11, an input after; undefined when it is computed at run time. */
function clipLimit(node: OnnxNode, graph: GraphBuilder, input: number, attribute: string, fallback: number): number | undefined {
  if (node.opset < 11) return node.float(attribute, fallback);
  return node.input(input) === undefined ? fallback : graph.numbers(node.input(input))?.[0];
}

/** Constant limits make it a function of x (Unary); others become Max and Min. */
function importClip(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const output = node.outputs[0] as ValueName;
  const low = clipLimit(node, graph, 1, 'min', -Infinity);
  const high = clipLimit(node, graph, 2, 'max', Infinity);
  if (low === -Infinity && high === Infinity) {
    graph.alias(output, x);
  } else if (low !== undefined && high !== undefined) {
    addUnary(graph, x, 'Clip', { alpha: low, beta: high, output });
  } else {
    const last = high === Infinity ? output : undefined;
    const limited = low === -Infinity ? x : maximumOf(graph, x, node.required(1), last);
    if (high !== Infinity) minimumOf(graph, limited, node.required(2), output);
  }
}

export const Clip: OnnxImporter = { onnx: { Clip: importClip } };
