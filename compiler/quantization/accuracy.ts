/** How far the int8 graph is from the float graph, value by value. */
import { Executor } from '../execute.ts';
import { type Graph, type Quantization, type TypedArray, type ValueName, valueOf } from '../graph.ts';
import { dequantizeArray, quantizeArray } from './affine.ts';
import type { Sample } from './calibrate.ts';

export interface Accuracy {
  /** Signal to quantization noise, 10 log10(Σ y² / Σ (y - ŷ)²), in dB; Infinity when equal. */
  readonly sqnr: number;
  /** Cosine of the angle between both; 1 when equal. */
  readonly cosine: number;
}

/** Sums over everything that was added. */
export class AccuracyMeter {
  private signal = 0;
  private noise = 0;
  private product = 0;
  private approximated = 0;

  add(expected: ArrayLike<number>, actual: ArrayLike<number>): void {
    let { signal, noise, product, approximated } = this;
    for (let i = 0; i < expected.length; i++) {
      const e = expected[i] as number;
      const a = actual[i] as number;
      signal += e * e;
      noise += (e - a) * (e - a);
      product += e * a;
      approximated += a * a;
    }
    Object.assign(this, { signal, noise, product, approximated });
  }

  get accuracy(): Accuracy {
    const norms = Math.sqrt(this.signal * this.approximated);
    return {
      sqnr: this.noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(this.signal / this.noise),
      cosine: norms === 0 ? Number(this.noise === 0) : this.product / norms,
    };
  }
}

/** The real numbers of a tensor that may be int8. */
export function realNumbers(data: ArrayLike<number>, quantization: Quantization | undefined): ArrayLike<number> {
  return (data instanceof Int8Array || data instanceof Int16Array) && quantization ? dequantizeArray(data, quantization) : data;
}

/** Quantizes what the model's int8 inputs take; float inputs stay. */
export function inputsOf(graph: Graph, sample: Sample): ArrayLike<number>[] {
  return graph.inputs.map((port, i) => {
    const { type } = valueOf(graph, port.value);
    const data = sample[i] as ArrayLike<number>;
    return type.dtype === 'int8' && type.quantization ? quantizeArray(data, type.shape, type.quantization) : data;
  });
}

/** Accuracy of every value that both graphs compute under the same name. */
export async function compareGraphs(float: Graph, quantized: Graph, samples: Iterable<Sample>): Promise<Map<ValueName, Accuracy>> {
  const [reference, candidate] = [await Executor.create(float), await Executor.create(quantized)];
  const meters = new Map<ValueName, AccuracyMeter>();
  for (const sample of samples) {
    const expected = new Map<ValueName, TypedArray>();
    reference.run(sample, (name, data) => {
      if (data instanceof Float32Array) expected.set(name, data.slice());
    });
    candidate.run(inputsOf(quantized, sample), (name, data) => {
      const values = expected.get(name);
      if (!values) return;
      const meter = meters.get(name) ?? new AccuracyMeter();
      meters.set(name, meter);
      meter.add(values, realNumbers(data, valueOf(quantized, name).type.quantization));
    });
  }
  return new Map([...meters].map(([name, meter]) => [name, meter.accuracy]));
}
