/** Import, passes, plan and kernels of both variants against the expected outputs of a case. */
import { UnsupportedModelError } from '../../compiler/errors.ts';
import { Executor } from '../../compiler/execute.ts';
import { type Graph, type Port, type Tensor, type TypedArray, type Value, valueOf } from '../../compiler/graph.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { quantizeFloat32 } from '../../compiler/ops/quantize.ts';
import { Transpose } from '../../compiler/ops/transpose.ts';
import { defaultPasses } from '../../compiler/passes/index.ts';
import { runPasses } from '../../compiler/passes/pass.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { verify } from '../../compiler/verify.ts';
import { variants } from '../compiler/ops/op-case.ts';
import { type CaseInput, type CaseTensor, type ConformanceCase, freezeInputs, raiseOpset } from './case.ts';

export type Verdict =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'unsupported'; readonly reason: string };

/**
 * ONNX's own relative tolerance. Its absolute one is 1e-7, which is one float32 rounding of a value near 1: results
 * near 0 that come out of a cancellation (log-softmax, normalization) or of exp, log, tanh and erf, whose approximations
 * are good to a few roundings, lie up to 1e-5 off in every float32 implementation.
 */
const relativeTolerance = 1e-3;
const absoluteTolerance = 1e-5;

/** What is tried in turn: nothing frozen, what is not float32 (shapes, indices), all but the first float32 input, all but the first. */
function frozenSets(inputs: readonly CaseInput[]): (readonly CaseInput[])[] {
  const isFloat32 = ({ tensor }: CaseInput) => tensor.type.dtype === 'float32';
  const data = inputs.find(isFloat32);
  return [[], inputs.filter((input) => !isFloat32(input)), inputs.filter((input) => input !== data), inputs.slice(1)];
}

function compile({ name, model, inputs }: ConformanceCase, frozen: readonly CaseInput[]): Graph {
  const inputShapes = new Map(inputs.filter((input) => !frozen.includes(input)).map((input) => [input.name, input.tensor.type.shape]));
  const imported = importOnnx(freezeInputs(raiseOpset(model), frozen), { name, inputShapes });
  const graph = runPasses(verify(imported, 'import'), defaultPasses);
  planExecution(graph);
  return graph;
}

/** The graph that freezes as little as possible. @throws UnsupportedModelError of the last attempt. */
export function compileFrozen(conformanceCase: ConformanceCase): Graph {
  let refusal: unknown;
  for (const frozen of frozenSets(conformanceCase.inputs)) {
    try {
      return compile(conformanceCase, frozen);
    } catch (error) {
      if (!(error instanceof UnsupportedModelError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

export function permute(tensor: Tensor, permutation: readonly number[]): Tensor {
  return Transpose.evaluate([tensor], { permutation })[0] as Tensor;
}

/** Where ONNX has uint8, the integers inside are int8, 128 below. */
function shiftOf(dtype: string): number {
  return dtype === 'uint8' ? 128 : 0;
}

/** The array that feeds the port. The passes turn a quantized input into the float32 values that its integers stand for. */
export function toPort({ tensor, dtype }: CaseTensor, port: Port, { type }: Value): TypedArray {
  const { data } = port.permutation ? permute(tensor, port.permutation) : tensor;
  const { quantization } = type;
  if (tensor.type.dtype === 'float32' || type.dtype !== 'float32' || !quantization) return data;
  return Float32Array.from(data, (q) => (q - shiftOf(dtype) - quantization.zeroPoint) * (quantization.scale[0] as number));
}

/** The port's output in the shape and dtype of the case. */
export function fromPort(output: Tensor, { permutation }: Port, { type }: Value, dtype: string): Tensor {
  const inverse = permutation?.map((_, axis) => permutation.indexOf(axis));
  const tensor = inverse ? permute(output, inverse) : output;
  const { quantization } = type;
  const shift = shiftOf(dtype);
  if (dtype === 'float' || type.dtype === 'int32') return tensor;
  const quantize = (x: number) => (quantization ? quantizeFloat32(x, quantization.scale[0] as number, quantization.zeroPoint) : x);
  const integers = type.dtype === 'float32' ? Array.from(tensor.data, quantize) : Array.from(tensor.data);
  return {
    type: { dtype: 'int32', shape: tensor.type.shape },
    data: Int32Array.from(integers, (q) => q + shift),
  };
}

/** The first difference; undefined when there is none. */
export function difference(actual: Tensor, { type, data }: Tensor): string | undefined {
  if (actual.type.shape.join() !== type.shape.join()) return `shape [${actual.type.shape}], expected [${type.shape}]`;
  const exact = type.dtype !== 'float32';
  for (let i = 0; i < data.length; i++) {
    const a = actual.data[i] as number;
    const e = data[i] as number;
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const tolerance = exact ? 0 : absoluteTolerance + relativeTolerance * Math.abs(e);
    if (!(Math.abs(a - e) <= tolerance)) return `element ${i} is ${a}, expected ${e}`;
  }
  return undefined;
}

async function run(graph: Graph, { inputs, outputs }: ConformanceCase): Promise<Verdict> {
  const given = new Map(inputs.map((input) => [input.name, input]));
  const data = graph.inputs.map((port) => toPort(given.get(port.name) as CaseInput, port, valueOf(graph, port.value)));
  for (const variant of variants) {
    const actual = (await Executor.create(graph, variant)).run(data);
    for (const [i, port] of graph.outputs.entries()) {
      const { tensor, dtype } = outputs[i] as CaseTensor;
      const reason = difference(fromPort(actual[i] as Tensor, port, valueOf(graph, port.value), dtype), tensor);
      if (reason) return { status: 'failed', reason: `${variant}, output "${port.name}": ${reason}` };
    }
  }
  return { status: 'passed' };
}

export async function judge(conformanceCase: ConformanceCase): Promise<Verdict> {
  try {
    return await run(compileFrozen(conformanceCase), conformanceCase);
  } catch (error) {
    if (!(error instanceof UnsupportedModelError)) return { status: 'failed', reason: (error as Error).message };
    return { status: 'unsupported', reason: error.problems.map(({ operator, reason }) => `${operator}: ${reason}`).join('; ') };
  }
}
