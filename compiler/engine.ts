/**
 * The host side of the runtime: copies a packed model into a WASM instance and runs it. Pure ES, no Node imports: the
 * compiler, the packages of targets/ and the pages of devices/ all use this file.
 */
import * as format from '../runtime-as/format.ts';
import { InvalidPackedModelError } from './errors.ts';
import { relaxedEngine } from './relaxed-engine.ts';

/** The ABI of runtime-as/index.ts. */
export interface RuntimeExports {
  readonly memory: WebAssembly.Memory;
  modelAddress(): number;
  receive(bytes: number): void;
  loadModel(bytes: number, engine: number): number;
  memoryBytes(): number;
  prepare(): void;
  run(): void;
  portAddress(index: number): number;
  // What runtime-as/inspect.ts adds: the runtimes of dist/ have it, those of packages do not.
  runSteps(first: number, last: number): void;
  tensorAddress(index: number): number;
}

/** `#` is the tensor, port or step. Short: every page downloads them. */
const statusTexts: Readonly<Record<number, string>> = {
  [format.STATUS_TRUNCATED]: 'it is cut off',
  [format.STATUS_BAD_MAGIC]: 'wrong magic number',
  [format.STATUS_BAD_VERSION]: 'another format version',
  [format.STATUS_BAD_SIZE]: 'wrong size',
  [format.STATUS_BAD_CRC]: 'it is damaged: the CRC-32 does not match',
  [format.STATUS_BAD_SECTION]: 'a section is malformed',
  [format.STATUS_BAD_TENSOR]: 'tensor # is malformed',
  [format.STATUS_BAD_PORT]: 'port # is malformed',
  [format.STATUS_BAD_STEP]: 'step # is malformed',
  [format.STATUS_BAD_OPCODE]: 'step # needs a kernel that this runtime does not have',
  [format.STATUS_BAD_OPERANDS]: 'step # does not fit its operands',
  [format.STATUS_TOO_LARGE]: 'more memory than 32 bits address',
};

/** What an undamaged model is refused for by the runtime of another one: a cache may hold the one and not the other. */
const otherRuntime: readonly number[] = [format.STATUS_BAD_VERSION, format.STATUS_BAD_OPCODE, format.STATUS_BAD_OPERANDS];

const PAGE_BYTES = 65536;

/** A packed model: its bytes, or what gives them to `put` part by part, in order, while they arrive. A part is `put`'s until it returns. */
export type ModelSource = Uint8Array | ((put: (part: Uint8Array) => void) => Promise<void>);

/**
 * A checked model in the memory of a new instance, not yet prepared.
 * @param model packed; a compact file is expanded before (packed/expand.ts)
 * @param imports the memory, for builds that do not bring their own
 * @throws InvalidPackedModelError when the runtime refuses the file.
 */
export async function loadModel(wasm: WebAssembly.Module, model: ModelSource, imports: WebAssembly.Imports = {}): Promise<RuntimeExports> {
  const instance = await WebAssembly.instantiate(wasm, imports);
  // Found out while the model travels.
  const engine = relaxedEngine();
  const runtime = instance.exports as unknown as RuntimeExports;
  const address = runtime.modelAddress();
  growTo(runtime.memory, address + format.HEADER_WORDS * 4);
  let length = 0;
  const put = (part: Uint8Array) => {
    growTo(runtime.memory, address + length + part.length);
    new Uint8Array(runtime.memory.buffer).set(part, address + length);
    length += part.length;
    runtime.receive(length);
  };
  if (model instanceof Uint8Array) put(model);
  else await model(put);
  const answer = runtime.loadModel(length, engine);
  const status = answer & 0xff;
  if (status !== format.STATUS_OK) {
    const text = (statusTexts[status] ?? `status ${status}`).replace('#', `${answer >>> 8}`);
    const fix = otherRuntime.includes(status) ? 'build and deploy it with its own runtime' : 'compile it again';
    throw new InvalidPackedModelError(`the packed model is refused: ${text}; ${fix}`);
  }
  growTo(runtime.memory, runtime.memoryBytes());
  return runtime;
}

/** One loaded model. Views into its memory stay valid: nothing grows after `create`. */
export class Engine {
  private readonly inputCount: number;

  /**
   * @param runtime with a prepared model
   * @param runAll runs the model, where that is not `run`
   */
  constructor(
    private readonly runtime: RuntimeExports,
    private readonly runAll = () => runtime.run(),
  ) {
    this.inputCount = this.word(format.HEADER_INPUT_COUNT);
  }

  /** A word of the model's header. */
  private word(index: number): number {
    return new DataView(this.runtime.memory.buffer).getUint32(this.runtime.modelAddress() + index * 4, true);
  }

  /**
   * @throws InvalidPackedModelError when the runtime refuses the file.
   */
  static async create(wasm: WebAssembly.Module, model: ModelSource): Promise<Engine> {
    const runtime = await loadModel(wasm, model);
    runtime.prepare();
    return new Engine(runtime);
  }

  /** The packed model, where the kernels read it: once it is prepared, no longer its weights (runtime-as/index.ts). */
  get model(): Uint8Array {
    return new Uint8Array(this.runtime.memory.buffer, this.runtime.modelAddress(), this.word(format.HEADER_FILE_BYTES));
  }

  /** The bytes of input `index`; write before `run`. */
  input(index: number, bytes: number): Uint8Array {
    return new Uint8Array(this.runtime.memory.buffer, this.runtime.portAddress(index), bytes);
  }

  /** The bytes of output `index`; valid until the next `run`. */
  output(index: number, bytes: number): Uint8Array {
    return new Uint8Array(this.runtime.memory.buffer, this.runtime.portAddress(this.inputCount + index), bytes);
  }

  /** The bytes of a tensor by its index in the packed model; with a runtime that has inspect.ts, as `runSteps`. */
  tensor(index: number, bytes: number): Uint8Array {
    return new Uint8Array(this.runtime.memory.buffer, this.runtime.tensorAddress(index), bytes);
  }

  run(): void {
    this.runAll();
  }

  /** Runs steps `first` to `last` - 1: calibration and profiling look at tensors in between. */
  runSteps(first: number, last: number): void {
    this.runtime.runSteps(first, last);
  }

  /** Bytes of the whole WASM memory. */
  get memoryBytes(): number {
    return this.runtime.memory.buffer.byteLength;
  }
}

/** Makes the memory at least `bytes` large. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (error) {
    throw new InvalidPackedModelError(`the engine refuses ${bytes} bytes of memory: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
