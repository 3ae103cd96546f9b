/** whittle: int8 in, int8 out, loaded as packages load it. Ready when the weights are packed; like the peers', its first inference comes after that. */
import { Engine } from '../../../../compiler/engine.ts';
import { byteLength, type TensorType } from '../../../../compiler/graph.ts';
import type { PackedMetadata } from '../../../../compiler/packed/metadata.ts';
import { readMetadata } from '../../../../compiler/packed/read.ts';
import { compileRuntime, fetchFile, modelSource } from '../../../../targets/loader/source.ts';
import type { Load } from '../contestant.ts';

export const load: Load = async ({ model, second }) => {
  const source = modelSource(model);
  const runtime = fetchFile(second as string).then(compileRuntime);
  const engine = await Engine.create(await runtime, source);
  const metadata = readMetadata(engine.model) as PackedMetadata;
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
