/** What a runtime under test is to the bench: the same in the page and in Node. Pure ES. */

/** Numbers as they lie in memory on their way to a runtime. */
export interface InputSpec {
  /** Path of the raw values on the bench's server. */
  readonly url: string;
  readonly dtype: 'float32' | 'int8' | 'uint8';
  /** In the order that the runtime's model has. */
  readonly shape: readonly number[];
}

/** Everything a contestant is started with; all files are fetched inside the measured loading time. */
export interface ContestantSpec {
  readonly runtime: 'whittle' | 'onnxruntime' | 'litert' | 'tfjs' | 'tfjs-tflite';
  /** Path of the model on the bench's server, and of a second file where the runtime has one (the runtime of whittle, the weights of tfjs). */
  readonly model: string;
  readonly second?: string;
}

/** The same with what the host adds. */
export interface LoadSpec extends ContestantSpec {
  /** The ES module of the peer's library. */
  readonly library: string;
  /** Where the library finds its own files; ends with a slash. */
  readonly assets: string;
}

/** One inference: input written, run, output read. */
export type Infer = () => ArrayLike<number> | Promise<ArrayLike<number>>;

/** A loaded runtime and model, ready for its input. */
export type Ready = (input: Float32Array | Int8Array | Uint8Array, shape: readonly number[]) => Infer;

export type Load = (spec: LoadSpec) => Promise<Ready>;

export interface StartTimes {
  /** From the request of the first file of the runtime, over loopback HTTP, to a session that is ready. */
  readonly loadUs: number;
  readonly firstUs: number;
}

export async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
