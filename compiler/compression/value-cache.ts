/**
 * Values that were computed for a set of samples, kept for whoever needs them next. Two values of two graphs are the same
 * when the same operators made them from the same constants and inputs: a network that was changed behind some layer still
 * has all values before it, and so has one that was made anew in the same way.
 */
import { createHash } from 'node:crypto';
import { type Graph, type TypedArray, valueOf } from '../graph.ts';
import type { SampleSet } from './values.ts';

/** Values by index of the sample. */
export type CachedValues = Map<number, TypedArray>;

const CACHE_BYTES = 384 * 1024 * 1024;

class ValueCache {
  /** By signature; the least recently used ones first. */
  private readonly entries = new Map<number, { readonly values: CachedValues; readonly bytes: number }>();
  private bytes = 0;

  /** The values for all of these samples; undefined when some are missing. */
  find(signature: number, indices: readonly number[]): CachedValues | undefined {
    const entry = this.entries.get(signature);
    if (!entry || !indices.every((index) => entry.values.has(index))) return undefined;
    this.entries.delete(signature);
    this.entries.set(signature, entry);
    return entry.values;
  }

  /** Room for values of so many bytes altogether; undefined when that is too much to keep. Older values make way. */
  reserve(signature: number, bytes: number): CachedValues | undefined {
    if (bytes > CACHE_BYTES / 4) return undefined;
    this.bytes -= this.entries.get(signature)?.bytes ?? 0;
    this.entries.delete(signature);
    for (const [oldest, entry] of this.entries) {
      if (this.bytes + bytes <= CACHE_BYTES) break;
      this.entries.delete(oldest);
      this.bytes -= entry.bytes;
    }
    const values: CachedValues = new Map();
    this.entries.set(signature, { values, bytes });
    this.bytes += bytes;
    return values;
  }
}

const caches = new WeakMap<SampleSet, ValueCache>();

export function cacheOf(samples: SampleSet): ValueCache {
  let cache = caches.get(samples);
  if (!cache) {
    cache = new ValueCache();
    caches.set(samples, cache);
  }
  return cache;
}

/** By constant. */
const digests = new WeakMap<TypedArray, string>();
const numbers = new Map<string, number>();

function digestOf(constant: TypedArray): string {
  let digest = digests.get(constant);
  if (digest === undefined) {
    const { buffer, byteOffset, byteLength } = constant;
    digest = createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
    digests.set(constant, digest);
  }
  return digest;
}

/** The same number for equal descriptions: data, infinite numbers included. */
function numberOf(description: unknown): number {
  const text = JSON.stringify(description, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value));
  const digest = createHash('sha256').update(text).digest('hex');
  const number = numbers.get(digest) ?? numbers.size + 1;
  numbers.set(digest, number);
  return number;
}

/** A number for every value that is computed: equal ones are computed alike from the same inputs of the model. */
export function signaturesOf(graph: Graph): Map<string, number> {
  const signatures = new Map<string, number>();
  graph.inputs.forEach(({ value }, port) => signatures.set(value, numberOf(['input', port, valueOf(graph, value).type])));
  const of = (name: string) => {
    const { constant, type } = valueOf(graph, name);
    return constant ? [digestOf(constant), type] : signatures.get(name);
  };
  for (const { op, attributes, inputs, outputs } of graph.nodes) {
    const made = [op.name, attributes, inputs.map(of)];
    outputs.forEach((name, i) => signatures.set(name, numberOf([...made, i, valueOf(graph, name).type])));
  }
  return signatures;
}
