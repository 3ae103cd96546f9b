/** Requantize: the same real numbers under another scale and zero point. In a float32 graph it changes nothing. */
import { OPCODE_TABLE_INT8 } from '../../runtime-as/format.ts';
import type { Quantization, Tensor, TensorType } from '../graph.ts';
import type { Op, Operand } from './op.ts';
import { quantizeFloat32 } from './quantize.ts';

/** table[q + 128]: Dequantize, then Quantize, each rounded to float32 as their kernels do. */
function requantizationTable(name: string, from: Quantization, to: Quantization): Operand {
  const data = Int8Array.from({ length: 256 }, (_, i) => {
    const real = Math.fround((i - 128 - from.zeroPoint) * Math.fround(from.scale[0] as number));
    return quantizeFloat32(real, to.scale[0] as number, to.zeroPoint);
  });
  return { name: `${name}.table`, type: { dtype: 'int8', shape: [256] }, data };
}

export const Requantize: Op<Record<never, never>> = {
  name: 'Requantize',

  onnx: {},

  infer([x]) {
    const { dtype, shape } = x as TensorType;
    return [{ dtype, shape }];
  },

  evaluate: ([x]) => [x as Tensor],

  quantize: { kind: 'observed' },

  toOnnx(node, writer) {
    const layout = writer.commonLayout(node.inputs, writer.inputShape(node, 0).length);
    writer.output(node, writer.input(node, 0, layout), layout);
  },

  kernel(_, { inputs: [x], outputs: [y] }) {
    if (x?.type.dtype === 'float32') return 'alias';
    const from = x?.type.quantization;
    const to = y?.type.quantization;
    if (!x || !y || !from || !to) return undefined;
    if (from.scale[0] === to.scale[0] && from.zeroPoint === to.zeroPoint) return 'alias';
    return { opcode: OPCODE_TABLE_INT8, operands: [x.name, requantizationTable(y.name, from, to)], parameters: [], inPlace: [0] };
  },
};
