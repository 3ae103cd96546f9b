/** Cast: the same numbers in another dtype; float32 to int32 truncates towards zero and saturates. */
import * as format from '../../runtime-as/format.ts';
import { type DType, type Tensor, type TensorType, typedArray } from '../graph.ts';
import { dtypeOfOnnx, onnxDtypeNames } from '../onnx/tensor.ts';
import type { Op } from './op.ts';

export interface CastAttributes {
  readonly to: DType;
  /** The result is 1 where x is not 0: ONNX's bool, which is int32 inside. */
  readonly boolean: boolean;
}

const BOOL = 9;

const limits: Readonly<Record<DType, readonly [number, number]>> = {
  float32: [-Infinity, Infinity],
  int32: [-0x80000000, 0x7fffffff],
  int8: [-128, 127],
  int16: [-0x8000, 0x7fff],
  float16: [-65504, 65504],
};

function convert(x: number, { to, boolean }: CastAttributes): number {
  if (boolean) return x === 0 ? 0 : 1;
  if (to === 'float32') return x;
  const [low, high] = limits[to];
  return Number.isNaN(x) ? 0 : Math.max(low, Math.min(high, Math.trunc(x)));
}

export const Cast: Op<CastAttributes> = {
  name: 'Cast',

  onnx: {
    Cast(node, graph) {
      const dataType = node.int('to', 0);
      const to = dtypeOfOnnx(dataType);
      if (!to) {
        throw node.unsupported(
          `the result has dtype ${onnxDtypeNames[dataType] ?? dataType}`,
          'cast to float32, int32, int64 or bool, or cut the model before this node',
        );
      }
      const attributes = { to, boolean: dataType === BOOL };
      const x = node.required(0);
      if (graph.type(x).dtype === to && !attributes.boolean) graph.alias(node.outputs[0] as string, x);
      else graph.add(Cast, [x], attributes, { outputs: node.outputs });
    },
  },

  infer([x], { to }) {
    return [{ dtype: to, shape: (x as TensorType).shape }];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const result = typedArray(attributes.to, data.length);
    for (let i = 0; i < data.length; i++) result[i] = convert(data[i] as number, attributes);
    return [{ type: { dtype: attributes.to, shape: type.shape }, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const { to, boolean } = node.attributes;
    const x = writer.input(node, 0);
    const cast = (from: string, dtype: string) => writer.emit('Cast', [from], { to: onnxDtypeNames.indexOf(dtype) });
    writer.output(node, cast(boolean ? cast(x, 'bool') : x, to === 'float32' ? 'float' : to));
  },

  kernel(node, { inputs: [x], outputs: [y] }) {
    if (!x || !y || node.attributes.boolean || x.type.quantization || y.type.quantization) return undefined;
    return { opcode: format.OPCODE_CAST, operands: [x.name], parameters: [] };
  },
};
