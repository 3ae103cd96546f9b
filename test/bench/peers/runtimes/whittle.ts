/** whittle: int8 in, int8 out. Ready when the weights are packed; like the peers', its first inference comes after that. */
import { Engine } from '../../../../compiler/engine.ts';
import { byteLength, type TensorType } from '../../../../compiler/graph.ts';
import { readPackedModel } from '../../../../compiler/packed/read.ts';
import { fetchBytes, type Load } from '../contestant.ts';

export const load: Load = async ({ model, second }) => {
  const runtime = fetchBytes(second as string).then((wasm) => WebAssembly.compile(wasm as BufferSource));
  const { bytes, metadata } = readPackedModel(await fetchBytes(model));
  const engine = await Engine.create(await runtime, bytes);
  const [inputBytes, outputBytes] = [metadata.inputs[0], metadata.outputs[0]].map((port) => byteLength(port as TensorType)) as [
    number,
    number,
  ];
  return (input) => {
    const values = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    return () => {
      engine.input(0, inputBytes).set(values);
      engine.run();
      return new Int8Array(engine.output(0, outputBytes).slice().buffer);
    };
  };
};
