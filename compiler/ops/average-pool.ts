/** AveragePool: x [N, H, W, C] or [N, W, C] → the mean of each window. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { LARGEST_REQUANTIZED } from './accumulate.ts';
import { float32Bits, type KernelCall, type Op, parameterWords } from './op.ts';
import { addChannelsLast, evaluatePool, inferPool, type PoolAttributes, poolAttributes, poolWords, writePool } from './pool.ts';

export interface AveragePoolAttributes extends PoolAttributes {
  /** Padding counts as zeros in the mean; what lies behind it (rounding up) never does. */
  readonly countIncludePad: boolean;
}

export const AveragePool: Op<AveragePoolAttributes> = {
  name: 'AveragePool',

  onnx: {
    AveragePool(node, graph) {
      const attributes = {
        ...poolAttributes(node, graph.shape(node.required(0))),
        countIncludePad: node.int('count_include_pad', 0) === 1,
      };
      addChannelsLast(node, graph, (x) => graph.addOne(AveragePool, [x], attributes));
    },
  },

  infer: inferPool,

  evaluate(inputs, attributes) {
    const mean = (values: readonly number[], covered: number) =>
      values.reduce((a, b) => a + b, 0) / (attributes.countIncludePad ? covered : values.length);
    return evaluatePool(inputs, attributes, mean);
  },

  quantize: { kind: 'observed' },

  toOnnx(node, writer) {
    writePool('AveragePool', node, node.attributes, writer, { count_include_pad: Number(node.attributes.countIncludePad) });
  },

  kernel({ attributes }, { inputs: [x], outputs: [y] }) {
    const words = {
      ...poolWords(x as Value, y as Value, attributes),
      [format.POOL_PAD_BOTTOM]: attributes.padAfter[0],
      [format.POOL_PAD_RIGHT]: attributes.padAfter[1],
      [format.POOL_COUNT_INCLUDE_PAD]: attributes.countIncludePad ? 1 : 0,
    };
    if (x?.type.dtype !== 'float32') return averageInt8Call(words, x as Value, y as Value);
    return {
      opcode: format.OPCODE_AVERAGE_POOL_FLOAT32,
      operands: [x.name],
      parameters: parameterWords(format.AVERAGE_POOL_FLOAT32_PARAMETERS, words),
    };
  },
};

function averageInt8Call(words: Readonly<Record<number, number>>, x: Value, y: Value): KernelCall | undefined {
  const [qx, qy] = [x, y].map(({ type }) => (type.dtype === 'int8' ? type.quantization : undefined));
  if (!qx || !qy) return undefined;
  const ratio = Math.fround(Math.fround(qx.scale[0] as number) / Math.fround(qy.scale[0] as number));
  // |Σ (x - zx)| / count is at most 255.
  if (!(255 * ratio < LARGEST_REQUANTIZED)) return undefined;
  return {
    opcode: format.OPCODE_AVERAGE_POOL_INT8,
    operands: [x.name],
    parameters: parameterWords(format.AVERAGE_POOL_INT8_PARAMETERS, {
      ...words,
      [format.POOL_INPUT_ZERO_POINT]: qx.zeroPoint,
      [format.POOL_RATIO_F32]: float32Bits(ratio),
      [format.POOL_OUTPUT_ZERO_POINT]: qy.zeroPoint,
      [format.POOL_CLAMP_LOW]: -128,
      [format.POOL_CLAMP_HIGH]: 127,
    }),
  };
}
