/** whittle: int8 in, int8 out. */
import { Runner } from '../../../../devices/runner.ts';
import { fetchBytes, type Load } from '../contestant.ts';

export const load: Load = async ({ model, second }) => {
  const [packed, wasm] = await Promise.all([fetchBytes(model), fetchBytes(second as string)]);
  const { runner } = await Runner.create(packed, wasm);
  return (input) => {
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    return () => new Int8Array(runner.infer(bytes).buffer);
  };
};
