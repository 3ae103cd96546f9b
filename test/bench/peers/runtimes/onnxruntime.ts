/** onnxruntime-web, WASM execution provider, one thread. The dtype of the model's input is the input's own. */
import { fetchBytes, type Load } from '../contestant.ts';

interface OrtTensor {
  readonly data: ArrayLike<number>;
}

interface Ort {
  readonly env: { wasm: { numThreads: number; wasmPaths: string } };
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: { executionProviders: string[] },
    ): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, OrtTensor>>;
    }>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}

export const load: Load = async ({ model, library, assets }) => {
  const [ort, bytes] = await Promise.all([import(/* @vite-ignore */ library) as Promise<Ort>, fetchBytes(model)]);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = assets;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  return (input, shape) => {
    const type = input instanceof Float32Array ? 'float32' : input instanceof Int8Array ? 'int8' : 'uint8';
    const feeds = { [session.inputNames[0] as string]: new ort.Tensor(type, input, shape) };
    const output = session.outputNames[0] as string;
    return async () => ((await session.run(feeds))[output] as OrtTensor).data;
  };
};
