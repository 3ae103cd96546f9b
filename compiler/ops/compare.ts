/** Comparisons and logic of constants (masks, shape arithmetic): 1 where true, else 0. There is no kernel: they must fold. */
import { elementCount, type Tensor, type TensorType, tensor, typedArray, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { inferBroadcast } from './elementwise.ts';
import type { Op } from './op.ts';
import { broadcastStrides, forEachIndex } from './strides.ts';

export interface CompareAttributes {
  /** A key of `comparisons`. */
  readonly function: string;
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  And: (a, b) => a !== 0 && b !== 0,
  Or: (a, b) => a !== 0 || b !== 0,
  Xor: (a, b) => (a !== 0) !== (b !== 0),
};

function addComparison(node: OnnxNode, graph: GraphBuilder, inputs: readonly ValueName[], name: string): void {
  const computed = inputs.find((input) => !graph.constant(input));
  if (computed !== undefined) {
    throw node.unsupported(
      `"${computed}" is computed at run time`,
      'only comparisons of constants are supported: export with static shapes, or fix the shapes of the inputs with --input name=…',
    );
  }
  graph.add(Compare, inputs, { function: name }, { outputs: node.outputs });
}

function importComparison(node: OnnxNode, graph: GraphBuilder): void {
  addComparison(node, graph, [node.required(0), node.required(1)], node.operator);
}

export const Compare: Op<CompareAttributes> = {
  name: 'Compare',

  onnx: {
    ...Object.fromEntries(Object.keys(comparisons).map((name) => [name, importComparison])),
    Not(node, graph) {
      addComparison(node, graph, [node.required(0), graph.addConstant(tensor('int32', [], [0]))], 'Equal');
    },
  },

  infer(types) {
    const [{ shape }] = inferBroadcast(types) as [TensorType];
    return [{ dtype: 'int32', shape }];
  },

  evaluate([a, b], { function: name }) {
    const [x, y] = [a as Tensor, b as Tensor];
    const [type] = Compare.infer([x.type, y.type], { function: name }) as [TensorType];
    const compare = comparisons[name] as (a: number, b: number) => boolean;
    const result = typedArray('int32', elementCount(type.shape));
    forEachIndex(type.shape, [broadcastStrides(x.type.shape, type.shape), broadcastStrides(y.type.shape, type.shape)], (i, [p, q]) => {
      result[i] = compare(x.data[p as number] as number, y.data[q as number] as number) ? 1 : 0;
    });
    return [{ type, data: result }];
  },

  quantize: { kind: 'float' },
};
