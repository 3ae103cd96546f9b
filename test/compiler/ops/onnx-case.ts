/** Small ONNX models built node by node, and the two ways to run them: ONNX Runtime and whittle. */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-web';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph, Tensor, TypedArray } from '../../../compiler/graph.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { verify } from '../../../compiler/verify.ts';
import type { int8Variants } from './op-case.ts';

const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

export interface OnnxTensor {
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface OnnxModel {
  /** Without the outputs of other nodes, `nodes` read `inputs` and `constants` by name. */
  readonly nodes: readonly Onnx.INodeProto[];
  readonly inputs?: Readonly<Record<string, OnnxTensor>>;
  readonly constants?: Readonly<Record<string, OnnxTensor>>;
  readonly outputs: Readonly<Record<string, OnnxTensor['type']>>;
  readonly opset?: number;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX node; numbers are integers unless given as { float }. */
export function onnxNode(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): Onnx.INodeProto {
  const attribute = Object.entries(attributes).map(([name, value]): Onnx.IAttributeProto => {
    if (typeof value === 'number') return { name, type: 2, i: value };
    if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
    return 'float' in value ? { name, type: 1, f: value.float } : { name, type: 7, ints: [...value] };
  });
  return { opType: operator, name: output, input: [...inputs], output: [output], attribute };
}

function rawData({ type, data }: OnnxTensor): Uint8Array {
  const typed =
    type === 'float32'
      ? Float32Array.from(data)
      : type === 'int64'
        ? BigInt64Array.from(Array.from(data, BigInt))
        : type === 'int32'
          ? Int32Array.from(data)
          : Uint8Array.from(data);
  return new Uint8Array(typed.buffer);
}

function valueInfo(name: string, type: OnnxTensor['type'], shape?: readonly number[]): Onnx.IValueInfoProto {
  return {
    name,
    type: { tensorType: { elemType: elementTypes[type], ...(shape && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }) } },
  };
}

export function encodeOnnx({ nodes, inputs = {}, constants = {}, outputs, opset = 17 }: OnnxModel): Uint8Array {
  const model: Onnx.IModelProto = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'case',
      node: [...nodes],
      input: Object.entries(inputs).map(([name, { type, shape }]) => valueInfo(name, type, shape)),
      output: Object.entries(outputs).map(([name, type]) => valueInfo(name, type)),
      initializer: Object.entries(constants).map(([name, tensor]) => ({
        name,
        dataType: elementTypes[tensor.type],
        dims: [...tensor.shape],
        rawData: rawData(tensor),
      })),
    },
  };
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

/** What ONNX Runtime (its WASM build, one thread) answers, by output name. */
export async function runOnnxRuntime(model: OnnxModel): Promise<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(encodeOnnx(model));
  const feeds = Object.entries(model.inputs ?? {}).map(([name, { type, shape, data }]) => {
    const array = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array, int64: Float32Array }[type].from(data);
    return [name, new ort.Tensor(type as 'float32', array as Float32Array, [...shape])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  const copies = Object.entries(results).map(([name, { dims, data }]) => [
    name,
    { shape: [...dims], data: (data as Float32Array).slice() },
  ]);
  await session.release();
  return Object.fromEntries(copies);
}

export function importCase(model: OnnxModel): Graph {
  return verify(importOnnx(onnxProto.onnx.ModelProto.decode(encodeOnnx(model)), { name: 'case' }), 'import');
}

/** whittle's answer, computed by its kernels. */
export async function runWhittle(
  graph: Graph,
  inputs: readonly ArrayLike<number>[],
  variant: (typeof int8Variants)[number],
): Promise<Tensor[]> {
  return (await Executor.create(graph, variant)).run(inputs);
}

export function toOnnxTensor(tensor: Tensor): OnnxTensor {
  return { type: tensor.type.dtype as OnnxTensor['type'], shape: tensor.type.shape, data: tensor.data as TypedArray };
}
