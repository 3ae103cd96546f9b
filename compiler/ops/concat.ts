/** Concat: the inputs one after the other along one axis. */
import { CONCAT_OUTER, CONCAT_PARAMETERS, OPCODE_CONCAT } from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, typedArray } from '../graph.ts';
import { type Op, parameterWords } from './op.ts';
import { normalizeAxis } from './strides.ts';

export interface ConcatAttributes {
  readonly axis: number;
}

/** A step counts its operands in 8 bits, and the output is one. */
const MAX_INPUTS = 254;

function outerCount(shape: readonly number[], axis: number): number {
  return elementCount(shape.slice(0, axis));
}

export const Concat: Op<ConcatAttributes> = {
  name: 'Concat',

  onnx: {
    Concat(node, graph) {
      const inputs = node.inputs.filter((name) => name);
      const axis = normalizeAxis(node.int('axis', 0), graph.shape(node.required(0)).length);
      const [only] = inputs;
      if (inputs.length === 1 && only) graph.alias(node.outputs[0] as string, only);
      else graph.add(Concat, inputs, { axis }, { outputs: node.outputs });
    },
  },

  infer(inputs, { axis }) {
    const [{ dtype, shape }] = inputs as [TensorType];
    for (const type of inputs) {
      const fits = type.shape.length === shape.length && type.shape.every((extent, i) => i === axis || extent === shape[i]);
      if (!fits || type.dtype !== dtype) {
        throw new Error(`${type.dtype} [${type.shape}] cannot be joined with ${dtype} [${shape}] along axis ${axis}`);
      }
    }
    const total = inputs.reduce((sum, type) => sum + (type.shape[axis] as number), 0);
    return [{ dtype, shape: shape.map((extent, i) => (i === axis ? total : extent)) }];
  },

  evaluate(inputs, { axis }) {
    const [type] = Concat.infer(
      inputs.map((input) => input.type),
      { axis },
    ) as [TensorType];
    const result = typedArray(type.dtype, elementCount(type.shape));
    const outer = outerCount(type.shape, axis);
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (const { data } of inputs as readonly Tensor[]) {
        const run = data.length / outer;
        result.set(data.subarray(o * run, (o + 1) * run), at);
        at += run;
      }
    }
    return [{ type, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const rank = writer.inputShape(node, 0).length;
    const layout = writer.commonLayout(node.inputs, rank);
    const operands = node.inputs.map((name) => writer.operand(name, layout));
    writer.output(node, writer.emit('Concat', operands, { axis: writer.axis(node.attributes.axis, layout, rank) }), layout);
  },

  kernel({ attributes: { axis } }, { inputs }) {
    // What is empty contributes nothing; the kernel knows no empty operands.
    const operands = inputs.filter((input) => elementCount(input.type.shape) > 0);
    const [first] = operands;
    if (!first || operands.length > MAX_INPUTS) return undefined;
    return {
      opcode: OPCODE_CONCAT,
      operands: operands.map((input) => input.name),
      parameters: parameterWords(CONCAT_PARAMETERS, { [CONCAT_OUTER]: outerCount(first.type.shape, axis) }),
    };
  },
};
