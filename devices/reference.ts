/** The float original of a packed model: on whittle's own float32 kernels, and, where it is installed, on ONNX Runtime. */
import { UsageError } from '../compiler/errors.ts';
import { Executor } from '../compiler/execute.ts';
import { type Graph, valueOf } from '../compiler/graph.ts';
import { importOnnx } from '../compiler/onnx/import.ts';
import type { ModelProto } from '../compiler/onnx/load.ts';
import type { PackedMetadata } from '../compiler/packed/metadata.ts';
import { defaultPasses } from '../compiler/passes/index.ts';
import { runPasses } from '../compiler/passes/pass.ts';
import { inputPortsOf, modelInputsOf, onnxShapeOf, sampleReader, toOnnxOrder } from '../compiler/samples/layout.ts';
import type { ModelInput, Samples } from '../compiler/samples/samples.ts';

/** Outputs of the float model for sample `index`, in the order of the ONNX file. */
export type Reference = (index: number) => Float32Array[];

/** @throws UnsupportedModelError; UsageError when the model has other inputs or outputs than the packed one. */
export function importReference(model: ModelProto, path: string, packed: PackedMetadata): Graph {
  const shapes = new Map(modelInputsOf(packed.inputs).map(({ name, shape }) => [name, shape]));
  const graph = runPasses(importOnnx(model, { name: path, inputShapes: shapes }), defaultPasses);
  const describe = (ports: readonly ModelInput[]) => ports.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const outputs = graph.outputs.map(({ name, value, permutation }) => {
    const { shape } = valueOf(graph, value).type;
    return { name, shape: onnxShapeOf({ name, shape, ...(permutation && { permutation }) }) };
  });
  const [expected, actual] = [describe(modelInputsOf(packed.outputs)), describe(outputs)];
  if (expected !== actual)
    throw new UsageError(
      `--reference ${path}: its outputs are ${actual}, those of the packed model are ${expected}; give the model it was compiled from`,
    );
  return graph;
}

export async function openReference(graph: Graph, samples: Samples): Promise<Reference> {
  const executor = await Executor.create(graph);
  const read = sampleReader(samples, inputPortsOf(graph));
  return (index) =>
    executor.run(read(index)).map((output, i) => {
      const { name, permutation } = graph.outputs[i] as Graph['outputs'][number];
      return toOnnxOrder(Float32Array.from(output.data), { name, shape: output.type.shape, ...(permutation && { permutation }) });
    });
}

export interface CrossCheck {
  /** Version of onnxruntime-web. */
  readonly version: string;
  readonly samples: number;
  /** Share of samples on which both name the same class. */
  readonly agreement: number;
  /** Largest absolute difference of an output. */
  readonly maxDifference: number;
}

/** What is used of onnxruntime-web. */
type OnnxRuntime = typeof import('onnxruntime-web');

async function importOnnxRuntime(): Promise<OnnxRuntime | undefined> {
  try {
    return await import('onnxruntime-web');
  } catch {
    return undefined;
  }
}

export function indexOfMaximum(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/**
 * Runs samples on ONNX Runtime and compares: two programs that share no code should agree.
 * @returns undefined where onnxruntime-web is not installed or the inputs are not float32
 */
export async function crossCheck(bytes: Uint8Array, graph: Graph, samples: Samples, reference: Reference): Promise<CrossCheck | undefined> {
  const ort = await importOnnxRuntime();
  if (!ort || graph.inputs.some(({ value }) => valueOf(graph, value).type.dtype !== 'float32')) return undefined;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(bytes);
  const inputs = modelInputsOf(inputPortsOf(graph));
  const read = sampleReader(samples, inputs);
  let agreeing = 0;
  let maxDifference = 0;
  for (let index = 0; index < samples.count; index++) {
    const feeds = read(index).map((data, i) => {
      const { name, shape } = inputs[i] as ModelInput;
      return [name, new ort.Tensor('float32', data.slice(), [...shape])] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    const ours = reference(index);
    graph.outputs.forEach(({ name }, i) => {
      const theirs = results[name]?.data as Float32Array;
      const own = ours[i] as Float32Array;
      for (let k = 0; k < own.length; k++) maxDifference = Math.max(maxDifference, Math.abs((own[k] as number) - Number(theirs[k])));
      if (i === 0) agreeing += Number(indexOfMaximum(own) === indexOfMaximum(theirs));
    });
  }
  await session.release();
  return { version: ort.env.versions.web ?? '', samples: samples.count, agreement: agreeing / samples.count, maxDifference };
}
