/** A graph written as ONNX and run by ONNX Runtime, with inputs in the order of the graph's values. */
import * as ort from 'onnxruntime-web';
import { type Graph, type Port, type Tensor, type TypedArray, tensor, valueOf } from '../../../compiler/graph.ts';
import { exportOnnx } from '../../../compiler/onnx/export.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { inverse } from '../../../compiler/passes/permutation.ts';

function transposed(source: Tensor, permutation: readonly number[] | undefined): Tensor {
  return permutation ? (Transpose.evaluate([source], { permutation })[0] as Tensor) : source;
}

/** @returns real numbers per port of the graph, in the order of the graph's values */
export async function runExported(graph: Graph, inputs: readonly TypedArray[]): Promise<Tensor[]> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(exportOnnx(graph));
  const feeds = graph.inputs.map((port, i) => {
    const { shape, dtype } = valueOf(graph, port.value).type;
    const type = dtype === 'int32' ? 'int32' : 'float32';
    const ordered = transposed(tensor(type, shape, inputs[i] as TypedArray), port.permutation && inverse(port.permutation));
    return [port.name, new ort.Tensor(type, ordered.data as Float32Array, [...ordered.type.shape])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  const outputs = graph.outputs.map((port: Port) => {
    const { dims, data } = results[port.name] as ort.Tensor;
    const numbers = tensor(data instanceof Int32Array ? 'int32' : 'float32', dims, data as Float32Array);
    return transposed(numbers, port.permutation);
  });
  await session.release();
  return outputs;
}
