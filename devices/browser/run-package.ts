/** Runs an emitted package in a page as an application would: what `whittle deploy` proves. Pure ES. */
import { decodeBase64 } from '../../targets/loader/source.ts';
import { encodeBase64 } from './host.ts';

interface PackageSession {
  readonly inputs: readonly { readonly name: string; readonly dtype: 'float32' | 'int8' | 'int32' }[];
  readonly outputs: readonly { readonly name: string }[];
  run(inputs: Record<string, unknown>): Promise<Record<string, Float32Array>>;
  dispose(): void;
}

const arrays = { float32: Float32Array, int8: Int8Array, int32: Int32Array } as const;

/**
 * @param folder address of the package
 * @param inputs per input the bytes of the packed port, base64
 * @returns the real values of all outputs as float32, one after the other, base64: JSON has no NaN and no negative zero
 */
export async function runPackage(folder: string, thread: 'page' | 'worker', inputs: readonly string[]): Promise<string> {
  const file = (name: string) => new URL(`${folder}/${name}`, location.origin).href;
  const session: PackageSession =
    thread === 'page'
      ? await (await import(file('index.js'))).createSession()
      : await (await import(file('worker-session.js'))).createWorkerSession();
  try {
    const given = session.inputs.map(({ name, dtype }, i) => [
      name,
      new arrays[dtype](decodeBase64(inputs[i] as string).buffer as ArrayBuffer),
    ]);
    const outputs = await session.run(Object.fromEntries(given));
    const values = Float32Array.from(session.outputs.flatMap(({ name }) => Array.from(outputs[name] as Float32Array)));
    return encodeBase64(new Uint8Array(values.buffer));
  } finally {
    session.dispose();
  }
}
