/** Numbers in the memory of the WASM kernels (runtime-as/linalg): what training computes on stays there between steps. */
import { linalgBytes } from '../root.ts';

/** See runtime-as/linalg/product-float32.ts and window.ts; addresses and distances in bytes. */
interface TrainingKernels {
  readonly memory: WebAssembly.Memory;
  freeAddress(): number;
  productOverrunBytes(): number;
  productFloat32(
    m: number,
    n: number,
    k: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    c: number,
    cRow: number,
    adds: 0 | 1,
  ): void;
  gatherPatches(window: number, image: number, columns: number): void;
  scatterPatches(window: number, image: number, columns: number): void;
  addDepthwise(window: number, image: number, output: number, weights: number): void;
  addDepthwiseInput(window: number, image: number, output: number, weights: number): void;
  addDepthwiseWeights(window: number, image: number, output: number, weights: number): void;
}

const PAGE_BYTES = 65536;

/** A float32 array of the kernels' memory. */
export class Numbers {
  private view: Float32Array<ArrayBuffer>;

  constructor(
    private readonly memory: WebAssembly.Memory,
    /** In bytes. */
    readonly address: number,
    readonly length: number,
  ) {
    this.view = new Float32Array(memory.buffer as ArrayBuffer, address, length);
  }

  /** Valid until the next allocation. */
  get data(): Float32Array<ArrayBuffer> {
    // Memory that grew is another buffer.
    if (this.view.buffer !== this.memory.buffer) this.view = new Float32Array(this.memory.buffer as ArrayBuffer, this.address, this.length);
    return this.view;
  }
}

/** An instance of the kernels with a memory of its own, given back as a whole when nobody holds it any more. */
export class TrainingMemory {
  readonly kernels: TrainingKernels;
  private end: number;
  private scratch: Numbers | undefined;

  constructor() {
    this.kernels = new WebAssembly.Instance(new WebAssembly.Module(linalgBytes())).exports as unknown as TrainingKernels;
    this.end = this.kernels.freeAddress();
  }

  /** Zeros, or a copy of these numbers. */
  floats(content: number | ArrayLike<number>): Numbers {
    const length = typeof content === 'number' ? content : content.length;
    const numbers = new Numbers(this.kernels.memory, this.take(4 * length), length);
    if (typeof content !== 'number') numbers.data.set(content);
    return numbers;
  }

  /** The address of a copy of these int32 numbers. */
  words(content: ArrayLike<number>): number {
    const address = this.take(4 * content.length);
    new Int32Array(this.kernels.memory.buffer, address, content.length).set(content);
    return address;
  }

  /** At least so many numbers that hold nothing between two calls. */
  scratchFloats(length: number): Numbers {
    if (!this.scratch || this.scratch.length < length) this.scratch = this.floats(length);
    return this.scratch;
  }

  private take(bytes: number): number {
    const { memory } = this.kernels;
    const address = this.end;
    this.end = Math.ceil((address + bytes + this.kernels.productOverrunBytes()) / 16) * 16;
    const missing = Math.ceil((this.end - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    return address;
  }
}
