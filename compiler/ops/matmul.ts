/**
 * MatMul: a [..., M, K] · b [..., K, N] → y [..., M, N], numpy's broadcasting of the leading axes. With constant right
 * operands the importer makes Dense layers instead (ops/dense.ts).
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, type Value } from '../graph.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';
import { broadcastShapes, broadcastStrides, forEachIndex } from './strides.ts';

type NoAttributes = Readonly<Record<never, never>>;

function leading(type: TensorType): readonly number[] {
  return type.shape.slice(0, -2);
}

/** M, K, N. */
function extents(a: TensorType, b: TensorType): [number, number, number] {
  return [a.shape.at(-2) as number, a.shape.at(-1) as number, b.shape.at(-1) as number];
}

export const MatMul: Op<NoAttributes> = {
  name: 'MatMul',

  onnx: {},

  infer([a, b]) {
    const x = a as TensorType;
    const w = b as TensorType;
    if (x.shape.length < 2 || w.shape.length < 2 || x.shape.at(-1) !== w.shape.at(-2)) {
      throw new Error(`[${x.shape}] and [${w.shape}] cannot be multiplied as matrices`);
    }
    const [m, , n] = extents(x, w);
    return [{ dtype: x.dtype, shape: [...broadcastShapes(leading(x), leading(w)), m, n] }];
  },

  evaluate([a, b], attributes) {
    const x = a as Tensor;
    const w = b as Tensor;
    const [type] = MatMul.infer([x.type, w.type], attributes) as [TensorType];
    const [m, k, n] = extents(x.type, w.type);
    const data = new Float32Array(elementCount(type.shape));
    const batches = leading(type);
    const strides = [broadcastStrides(leading(x.type), batches), broadcastStrides(leading(w.type), batches)];
    forEachIndex(batches, strides, (batch, [p, q]) => {
      const rows = (p as number) * m * k;
      const columns = (q as number) * k * n;
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += (x.data[rows + i * k + l] as number) * (w.data[columns + l * n + j] as number);
          data[(batch * m + i) * n + j] = sum;
        }
    });
    return [{ type, data }];
  },

  quantize: { kind: 'observed' },

  toOnnx(node, writer) {
    writer.output(node, writer.emit('MatMul', [writer.input(node, 0), writer.input(node, 1)]));
  },

  kernel(_, { inputs: [a, b], outputs: [y] }) {
    const x = (a as Value).type;
    const w = (b as Value).type;
    const z = (y as Value).type;
    const words = geometry(x, w, z);
    if (!words) return undefined;
    const operands = [(a as Value).name, (b as Value).name];
    if (z.dtype === 'float32') {
      return { opcode: format.OPCODE_MATMUL_FLOAT32, operands, parameters: parameterWords(format.MATMUL_FLOAT32_PARAMETERS, words) };
    }
    const [from, weights, to] = [x.quantization, w.quantization, z.quantization];
    if (!from || !weights || !to || weights.scale.length !== 1) return undefined;
    const product = Math.fround(Math.fround(from.scale[0] as number) * Math.fround(weights.scale[0] as number));
    const parameters = parameterWords(format.MATMUL_INT8_PARAMETERS, {
      ...words,
      [format.MATMUL_A_ZERO_POINT]: from.zeroPoint,
      [format.MATMUL_B_ZERO_POINT]: weights.zeroPoint,
      [format.MATMUL_MULTIPLIER_F32]: float32Bits(product / Math.fround(to.scale[0] as number)),
      [format.MATMUL_OUTPUT_ZERO_POINT]: to.zeroPoint,
      [format.MATMUL_CLAMP_LOW]: -128,
      [format.MATMUL_CLAMP_HIGH]: 127,
    });
    return { opcode: format.OPCODE_MATMUL_INT8, operands, parameters };
  },
};

/** The kernel's extents; undefined when an operand repeats along some leading axes but not along others. */
function geometry(a: TensorType, b: TensorType, y: TensorType): Record<number, number> | undefined {
  const [m, k, n] = extents(a, b);
  const batch = elementCount(leading(y));
  const aBatch = elementCount(leading(a));
  const bBatch = elementCount(leading(b));
  if ((aBatch !== 1 && aBatch !== batch) || (bBatch !== 1 && bBatch !== batch)) return undefined;
  // One right matrix for all: the left matrices are one tall matrix.
  const merged = bBatch === 1 && aBatch === batch;
  return {
    [format.MATMUL_BATCH]: merged ? 1 : batch,
    [format.MATMUL_A_BATCH]: merged ? 1 : aBatch,
    [format.MATMUL_B_BATCH]: bBatch,
    [format.MATMUL_M]: merged ? batch * m : m,
    [format.MATMUL_K]: k,
    [format.MATMUL_N]: n,
  };
}
