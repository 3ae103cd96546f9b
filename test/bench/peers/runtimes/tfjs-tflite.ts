/** tfjs-tflite (TensorFlow Lite with XNNPACK), one thread; the tfjs CPU backend only holds its tensors. */
import { fetchBytes, type Load } from '../contestant.ts';

interface TfTensor {
  dataSync(): ArrayLike<number>;
  dispose(): void;
}

interface TfjsTflite {
  setWasmPath(folder: string): void;
  loadTFLiteModel(
    model: ArrayBuffer,
    options: { numThreads: number },
  ): Promise<{ predict(input: TfTensor): TfTensor | Record<string, TfTensor> }>;
  tensor(data: unknown, shape: readonly number[], dtype: 'float32' | 'int32'): TfTensor;
}

export const load: Load = async ({ model, library, assets }) => {
  const tflite = (await import(/* @vite-ignore */ library)) as TfjsTflite;
  tflite.setWasmPath(assets);
  const loaded = await tflite.loadTFLiteModel((await fetchBytes(model)).buffer as ArrayBuffer, { numThreads: 1 });
  return (input, shape) => {
    const tensor = tflite.tensor(
      input instanceof Float32Array ? input : Int32Array.from(input),
      shape,
      input instanceof Float32Array ? 'float32' : 'int32',
    );
    return () => {
      const result = loaded.predict(tensor);
      const output = ('dataSync' in result ? result : Object.values(result)[0]) as TfTensor;
      const values = output.dataSync();
      output.dispose();
      return values;
    };
  };
};
