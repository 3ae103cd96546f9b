/** LiteRT.js on its XNNPACK delegate, one thread. Its input tensor is made once and stays in its memory. */
import type { Load } from '../contestant.ts';

interface LiteRtTensor {
  toTypedArray(): ArrayLike<number>;
  delete(): void;
}

interface LiteRt {
  loadLiteRt(folder: string): Promise<unknown>;
  loadAndCompile(url: string, options: { accelerator: 'wasm' }): Promise<{ run(inputs: LiteRtTensor[]): Promise<LiteRtTensor[]> }>;
  readonly Tensor: new (data: unknown, shape: readonly number[]) => LiteRtTensor;
}

export const load: Load = async ({ model, library, assets }) => {
  const litert = (await import(/* @vite-ignore */ library)) as LiteRt;
  await litert.loadLiteRt(assets);
  const compiled = await litert.loadAndCompile(model, { accelerator: 'wasm' });
  return (input, shape) => {
    const tensor = new litert.Tensor(input, shape);
    return async () => {
      const outputs = await compiled.run([tensor]);
      const values = outputs.map((output) => output.toTypedArray());
      for (const output of outputs) output.delete();
      return values[0] as ArrayLike<number>;
    };
  };
};
