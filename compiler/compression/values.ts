/** Values inside a float graph, sample by sample, computed by the compiler's one executor. */
import { Executor } from '../execute.ts';
import { type Graph, producerOf, type TypedArray, type ValueName, valueOf } from '../graph.ts';
import { removeDeadCode } from '../passes/pass.ts';
import type { Sample } from '../quantization/calibrate.ts';

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
function storedValue(graph: Graph, name: ValueName): ValueName {
  const node = producerOf(graph, name);
  if (!node?.op.kernel) return name;
  const call = node.op.kernel(node, {
    inputs: node.inputs.map((input) => valueOf(graph, input)),
    outputs: node.outputs.map((output) => valueOf(graph, output)),
  });
  return call === 'alias' ? storedValue(graph, node.inputs[0] as ValueName) : name;
}

/** The part of the graph that computes these values; they are its outputs. */
export function graphUpTo(graph: Graph, names: readonly ValueName[]): Graph {
  return removeDeadCode({ ...graph, outputs: names.map((name) => ({ name, value: name })) });
}

export class ValueReader {
  private constructor(
    private readonly executor: Executor | undefined,
    /** Name → the input of the graph that it is, or the step that computes it. */
    private readonly places: ReadonlyMap<ValueName, number | ValueName>,
  ) {}

  /** @param names of computed values or of inputs of the graph */
  static async create(graph: Graph, names: readonly ValueName[]): Promise<ValueReader> {
    const places = new Map<ValueName, number | ValueName>();
    for (const name of names) {
      const stored = storedValue(graph, name);
      const port = graph.inputs.findIndex(({ value }) => value === stored);
      places.set(name, port < 0 ? stored : port);
    }
    const computed = [...new Set([...places.values()].filter((place) => typeof place === 'string'))];
    return new ValueReader(computed.length ? await Executor.create(graphUpTo(graph, computed)) : undefined, places);
  }

  /** Runs one sample. @returns copies of the values, by name. */
  read(sample: Sample): Map<ValueName, ArrayLike<number>> {
    const computed = new Map<ValueName, TypedArray>();
    const wanted = new Set([...this.places.values()]);
    this.executor?.run(sample, (name, data) => {
      if (wanted.has(name)) computed.set(name, data.slice());
    });
    return new Map(
      [...this.places].map(([name, place]) => [
        name,
        typeof place === 'number' ? (sample[place] as ArrayLike<number>) : (computed.get(place) as TypedArray),
      ]),
    );
  }
}
