/** Values inside a graph as real numbers, sample by sample, computed by the compiler's one executor. */
import { Executor } from '../execute.ts';
import { byteLength, type Graph, type Node, producerOf, type TypedArray, type ValueName, valueOf } from '../graph.ts';
import { removeDeadCode } from '../passes/pass.ts';
import { inputsOf, realNumbers } from '../quantization/accuracy.ts';
import type { Sample } from '../quantization/calibrate.ts';
import { type CachedValues, cacheOf, signaturesOf } from './value-cache.ts';

/** Samples that may be read as often as needed, each in the order of the graph's inputs. */
export interface SampleSet {
  readonly count: number;
  at(index: number): Sample;
  /** Index of the expected output; absent when there are no labels. */
  readonly label?: (index: number) => number;
}

/** `limit` of the samples, spread evenly: sets are often sorted by class. */
export function spreadIndices(count: number, limit: number): number[] {
  const taken = Math.min(count, limit);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}

/** The value whose bytes this one shares (a Reshape computes nothing). */
export function storedValue(graph: Graph, name: ValueName): ValueName {
  const node = producerOf(graph, name);
  if (!node?.op.kernel) return name;
  const call = node.op.kernel(node, {
    inputs: node.inputs.map((input) => valueOf(graph, input)),
    outputs: node.outputs.map((output) => valueOf(graph, output)),
  });
  return call === 'alias' ? storedValue(graph, node.inputs[0] as ValueName) : name;
}

/** Where a wanted value comes from: an input of the graph, the cache, or a step that is run. */
type Place = { readonly port: number } | { readonly cached: CachedValues } | { readonly step: ValueName };

/**
 * Reads values of a graph for some of the samples. What one reader has computed, the next takes from the samples' cache:
 * a method that goes through the layers one by one runs each of them once, not everything before it again and again.
 */
export class ValueReader {
  private constructor(
    private readonly graph: Graph,
    private readonly samples: SampleSet,
    private readonly executor: Executor | undefined,
    /** What the executor is fed with. */
    private readonly sources: readonly Place[],
    private readonly places: ReadonlyMap<ValueName, Place>,
    /** Steps whose outputs are kept for later readers. */
    private readonly kept: ReadonlyMap<ValueName, CachedValues>,
  ) {}

  /**
   * @param names of computed values or of inputs of the graph
   * @param indices of the samples that will be read
   * @param between further values that are kept for later readers where they are computed on the way
   */
  static async create(
    graph: Graph,
    names: readonly ValueName[],
    samples: SampleSet,
    indices: readonly number[],
    between: readonly ValueName[] = [],
  ): Promise<ValueReader> {
    const cache = cacheOf(samples);
    const signatures = signaturesOf(graph);
    const placeOf = (name: ValueName): Place | undefined => {
      const port = graph.inputs.findIndex(({ value }) => value === name);
      if (port >= 0) return { port };
      const cached = cache.find(signatures.get(name) as number, indices);
      return cached && { cached };
    };
    const places = new Map<ValueName, Place>();
    for (const name of names) {
      const stored = storedValue(graph, name);
      places.set(name, placeOf(stored) ?? { step: stored });
    }
    const steps = [...new Set([...places.values()].flatMap((place) => ('step' in place ? [place.step] : [])))];
    if (steps.length === 0) return new ValueReader(graph, samples, undefined, [], places, new Map());
    const { part, sources } = partOf(graph, steps, placeOf);
    const kept = new Map<ValueName, CachedValues>();
    const computed = new Set(part.nodes.flatMap(({ outputs }) => outputs));
    for (const name of new Set([...steps, ...between.map((value) => storedValue(graph, value)).filter((value) => computed.has(value))])) {
      const bytes = byteLength(valueOf(graph, name).type) * indices.length;
      const room = cache.reserve(signatures.get(name) as number, bytes);
      if (room) kept.set(name, room);
    }
    return new ValueReader(graph, samples, await Executor.create(part), sources, places, kept);
  }

  /** The values for one sample, by name. They stay as they are. */
  read(index: number): Map<ValueName, ArrayLike<number>> {
    let sample: ArrayLike<number>[] | undefined;
    const known = (place: Place): ArrayLike<number> => {
      if (!('port' in place)) return (place as { cached: CachedValues }).cached.get(index) as TypedArray;
      sample ??= inputsOf(this.graph, this.samples.at(index));
      return sample[place.port] as ArrayLike<number>;
    };
    const computed = new Map<ValueName, TypedArray>();
    const wanted = new Set(
      [...this.places.values()].flatMap((place) => ('step' in place ? [place.step] : [])).concat([...this.kept.keys()]),
    );
    this.executor?.run(this.sources.map(known), (name, data) => {
      if (wanted.has(name)) computed.set(name, data.slice());
    });
    for (const [name, room] of this.kept) room.set(index, computed.get(name) as TypedArray);
    return new Map(
      [...this.places].map(([name, place]) => {
        const data = 'step' in place ? (computed.get(place.step) as TypedArray) : known(place);
        return [name, realNumbers(data, valueOf(this.graph, name).type.quantization)];
      }),
    );
  }
}

/** The nodes between what is known and what is wanted, as a graph of its own. */
function partOf(
  graph: Graph,
  wanted: readonly ValueName[],
  placeOf: (name: ValueName) => Place | undefined,
): { part: Graph; sources: Place[] } {
  const sources = new Map<ValueName, Place>();
  const nodes = new Set<Node>();
  const visit = (name: ValueName) => {
    if (sources.has(name) || valueOf(graph, name).constant) return;
    const place = placeOf(name);
    if (place) {
      sources.set(name, place);
      return;
    }
    const node = producerOf(graph, name) as Node;
    if (nodes.has(node)) return;
    nodes.add(node);
    for (const input of node.inputs) visit(input);
  };
  for (const name of wanted) visit(name);
  const port = (name: ValueName) => ({ name, value: name });
  const part = removeDeadCode({
    ...graph,
    inputs: [...sources.keys()].map(port),
    outputs: wanted.map(port),
    nodes: graph.nodes.filter((node) => nodes.has(node)),
  });
  return { part, sources: [...sources.values()] };
}
