/** The samples that a user calibrates with: read once, checked, hashed, and brought from the model's order into the graph's. */
import { createHash } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { elementCount, type Graph, type Port, tensor, valueOf } from '../graph.ts';
import { Transpose } from '../ops/transpose.ts';
import type { Sample } from './calibrate.ts';

/** Per sample one array per model input, in the order of the ONNX model's own shapes. */
export type ModelSamples = AsyncIterable<readonly Float32Array[]> | Iterable<readonly Float32Array[]>;

/** For each element of the port's value, its index in the model's order; undefined when the orders agree. */
function permutedIndices(shape: readonly number[], permutation: readonly number[] | undefined): ArrayLike<number> | undefined {
  if (!permutation) return undefined;
  const onnxShape = [...shape];
  permutation.forEach((axis, i) => {
    onnxShape[axis] = shape[i] as number;
  });
  const indices = Int32Array.from({ length: elementCount(shape) }, (_, i) => i);
  return Transpose.evaluate([tensor('int32', onnxShape, indices)], { permutation })[0]?.data;
}

/** A loop: Float32Array.from calls a function for every number. */
function gather(data: Float32Array, order: ArrayLike<number>): Float32Array {
  const gathered = new Float32Array(order.length);
  for (let i = 0; i < gathered.length; i++) gathered[i] = data[order[i] as number] as number;
  return gathered;
}

export class SampleReader implements AsyncIterable<Sample> {
  count = 0;
  /** Samples spread evenly over what was read so far. */
  private kept: Sample[] = [];
  private keptStride = 1;
  private readonly hash = createHash('sha256');

  constructor(
    private readonly graph: Graph,
    private readonly samples: ModelSamples,
    private readonly keepLimit: number,
  ) {}

  /** @throws UsageError when an array does not fill its input. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
    const indices = this.graph.inputs.map(({ value, permutation }) => permutedIndices(valueOf(this.graph, value).type.shape, permutation));
    for await (const arrays of this.samples) {
      const sample = this.graph.inputs.map((port, i) => {
        const data = this.checked(port, arrays[i]);
        const order = indices[i];
        return order ? gather(data, order) : data;
      });
      for (const array of arrays) this.hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      this.keep(sample);
      this.count++;
      yield sample;
    }
  }

  /** For who needs no more of the samples than is kept. @throws UsageError when an array does not fill its input. */
  async readAll(): Promise<void> {
    for await (const _ of this);
  }

  /** At most `limit` of the kept samples, spread evenly. */
  spread(limit: number): readonly Sample[] {
    const stride = Math.ceil(this.kept.length / limit);
    return this.kept.filter((_, i) => i % stride === 0);
  }

  /** SHA-256 of everything read so far. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** Sets are often sorted by class, so the first samples would be of one; how many will come is not known. */
  private keep(sample: readonly Float32Array[]): void {
    if (this.count % this.keptStride !== 0) return;
    this.kept.push(sample.map((data) => data.slice()));
    if (this.kept.length <= this.keepLimit) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.keptStride *= 2;
  }

  private checked({ name, value }: Port, data: Float32Array | undefined): Float32Array {
    const { shape } = valueOf(this.graph, value).type;
    if (data?.length === elementCount(shape)) return data;
    const held = data ? `${data.length} numbers` : 'nothing';
    throw new UsageError(`sample ${this.count} holds ${held} for input "${name}", the model takes ${elementCount(shape)} [${shape}]`);
  }
}
