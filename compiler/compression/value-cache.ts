/**
 * Values that were computed for a set of samples, kept for whoever needs them next. Graphs are immutable and share what
 * they have in common, so that two values of two graphs are the same when the same node objects made them from the same
 * constants and inputs: a network that was changed behind some layer still has all values before it.
 */
import type { Graph, TypedArray } from '../graph.ts';
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

const identities = new WeakMap<object, number>();
const numbers = new Map<string, number>();
let lastIdentity = 0;

function identityOf(object: object): number {
  let identity = identities.get(object);
  if (identity === undefined) {
    identity = ++lastIdentity;
    identities.set(object, identity);
  }
  return identity;
}

/** The same number for the same text. */
function numberOf(text: string): number {
  let number = numbers.get(text);
  if (number === undefined) {
    number = ++lastIdentity;
    numbers.set(text, number);
  }
  return number;
}

/** A number for every value: equal ones are computed alike from the same inputs of the model. */
export function signaturesOf(graph: Graph): Map<string, number> {
  const signatures = new Map<string, number>();
  graph.inputs.forEach(({ value }, port) => signatures.set(value, numberOf(`input ${port}`)));
  const of = (name: string): number => {
    const known = signatures.get(name);
    if (known !== undefined) return known;
    return identityOf(graph.values.get(name)?.constant ?? {});
  };
  for (const node of graph.nodes) {
    const made = `${identityOf(node)} ${node.inputs.map(of).join(' ')}`;
    node.outputs.forEach((name, i) => signatures.set(name, numberOf(`${made} ${i}`)));
  }
  return signatures;
}
