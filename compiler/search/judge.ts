/** How well a quantized network answers, by labels or agreement, and how far its responses are from the original's. */
import { indexOfMaximum } from '../compression/measure.ts';
import { type SampleSet, spreadIndices, ValueReader } from '../compression/values.ts';
import { Executor } from '../execute.ts';
import { type Graph, producerOf, type ValueName } from '../graph.ts';

export interface Judgement {
  /** Percentage points: of top-1 with labels, else of agreement with the original. */
  readonly drop: number;
  readonly agreement: number;
  readonly top1?: number;
  /**
   * Σ (y - ŷ)² / Σ (y - E[y])² over the responses before a final Softmax: 0 equal, 1 as good as their mean. Errors of
   * small changes add up in it, as they do not in a share of samples.
   */
  readonly loss: number;
}

/** What the model answers before a final Softmax, which squeezes differences. */
function responsesOf(graph: Graph): ValueName {
  const output = graph.outputs[0]?.value as ValueName;
  const node = producerOf(graph, output);
  return node?.op.name === 'Softmax' ? (node.inputs[0] as ValueName) : output;
}

/** Values through which everything goes: what lies behind them needs nothing before them. */
function narrowPlaces({ nodes, inputs }: Graph): ValueName[] {
  const lastUse = new Map(nodes.flatMap((node, i) => node.inputs.map((name) => [name, i] as const)));
  const alive = new Set(inputs.map(({ value }) => value));
  return nodes.flatMap((node, i) => {
    for (const name of node.outputs) alive.add(name);
    for (const name of alive) if ((lastUse.get(name) ?? -1) <= i) alive.delete(name);
    return alive.size === 1 ? [...alive] : [];
  });
}

/** How far the largest of the responses is from the second. */
function marginOf(responses: ArrayLike<number>): number {
  const [first = 0, second = Number.NEGATIVE_INFINITY] = Array.from(responses).sort((a, b) => b - a);
  return first - second;
}

/** Σ (y - E[y])² */
function varianceOf(responses: readonly ArrayLike<number>[]): number {
  const mean = new Float64Array(responses[0]?.length ?? 0);
  for (const y of responses) mean.forEach((value, i) => (mean[i] = value + (y[i] as number) / responses.length));
  return responses.reduce((sum, y) => mean.reduce((part, value, i) => part + ((y[i] as number) - value) ** 2, sum), 0);
}

/** The graph with this value as its last output. */
function withOutput(graph: Graph, value: ValueName): Graph {
  return { ...graph, outputs: [...graph.outputs, { name: value, value }] };
}

interface Known {
  readonly responses: ArrayLike<number>;
  /** The original's choice. */
  readonly chosen: number;
}

/** Samples that are not run: the choice is taken to be the original's. */
interface Sure {
  readonly count: number;
  /** On so many of them it is right. */
  readonly right: number;
}

export class Judge {
  private readonly variance: number;

  private constructor(
    private readonly samples: SampleSet,
    /** Of the samples that are run. */
    private readonly indices: readonly number[],
    private readonly responses: ValueName,
    /** By place in `indices`: the original's answers. */
    private readonly known: readonly Known[],
    private readonly sure: Sure = { count: 0, right: 0 },
  ) {
    this.variance = varianceOf(known.map(({ responses }) => responses));
  }

  /** @param limit at most so many samples, spread evenly */
  static async create(original: Graph, samples: SampleSet, limit = Number.POSITIVE_INFINITY): Promise<Judge> {
    const indices = spreadIndices(samples.count, limit);
    const responses = responsesOf(original);
    const executor = await Executor.create(withOutput(original, responses));
    const known = indices.map((index): Known => {
      const answers = executor.run(samples.at(index)).map(({ data }) => data);
      return { responses: answers.at(-1) as ArrayLike<number>, chosen: indexOfMaximum(answers[0] as ArrayLike<number>) };
    });
    return new Judge(samples, indices, responses, known);
  }

  /**
   * Runs only the samples on which the original is least sure, those with the smallest margins between its two largest
   * responses: where a network changes little, these are the ones whose answers change.
   */
  contested(count: number): Judge {
    const places = this.indices.map((_, place) => place);
    const margins = this.known.map(({ responses }) => marginOf(responses));
    const order = places.toSorted((a, b) => (margins[a] as number) - (margins[b] as number));
    const run = order.slice(0, count).sort((a, b) => a - b);
    const rest = order.slice(count);
    return new Judge(
      this.samples,
      run.map((place) => this.indices[place] as number),
      this.responses,
      run.map((place) => this.known[place] as Known),
      { count: this.sure.count + rest.length, right: this.sure.right + this.rightOf(rest) },
    );
  }

  /** Of these, on how many the original is right. */
  private rightOf(places: readonly number[]): number {
    return places.filter((place) => this.known[place]?.chosen === this.samples.label?.(this.indices[place] as number)).length;
  }

  private get count(): number {
    return this.indices.length + this.sure.count;
  }

  get isLabelled(): boolean {
    return this.samples.label !== undefined;
  }

  /** Of the original; absent without labels. */
  get originalTop1(): number | undefined {
    return this.isLabelled ? (this.rightOf(this.indices.map((_, place) => place)) + this.sure.right) / this.count : undefined;
  }

  /** Contested samples are run again and again, on networks that often begin alike. */
  private between(graph: Graph): ValueName[] {
    return this.sure.count > 0 ? narrowPlaces(graph) : [];
  }

  /** @param graph with the original's inputs, outputs and responses; float32 or int8 */
  async judge(graph: Graph): Promise<Judgement> {
    const output = graph.outputs[0]?.value as ValueName;
    const reader = await ValueReader.create(graph, [output, this.responses], this.samples, this.indices, this.between(graph));
    let [agreeing, right, error] = [this.sure.count, this.sure.right, 0];
    for (const [i, index] of this.indices.entries()) {
      const values = reader.read(index);
      const choice = indexOfMaximum(values.get(output) as ArrayLike<number>);
      const { responses: expected, chosen } = this.known[i] as Known;
      agreeing += Number(choice === chosen);
      right += Number(choice === this.samples.label?.(index));
      const responses = values.get(this.responses) as ArrayLike<number>;
      for (let k = 0; k < expected.length; k++) error += ((expected[k] as number) - (responses[k] as number)) ** 2;
      // Signals (Ctrl-C) are heard between samples.
      if (i % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const [agreement, top1] = [agreeing / this.count, right / this.count];
    return {
      agreement,
      ...(this.isLabelled && { top1 }),
      drop: 100 * (this.originalTop1 !== undefined ? this.originalTop1 - top1 : 1 - agreement),
      loss: this.variance > 0 ? error / this.variance : error,
    };
  }
}
