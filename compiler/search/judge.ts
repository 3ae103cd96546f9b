/** How well a quantized network answers, by labels or agreement, and how far its responses are from the original's. */
import { indexOfMaximum } from '../compression/measure.ts';
import { type SampleSet, spreadIndices } from '../compression/values.ts';
import { Executor } from '../execute.ts';
import { type Graph, producerOf, type ValueName, valueOf } from '../graph.ts';
import { inputsOf, realNumbers } from '../quantization/accuracy.ts';

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

/** The graph with this value as its last output. */
function withOutput(graph: Graph, value: ValueName): Graph {
  return { ...graph, outputs: [...graph.outputs, { name: value, value }] };
}

export class Judge {
  private constructor(
    private readonly samples: SampleSet,
    private readonly indices: readonly number[],
    private readonly responses: ValueName,
    private readonly expected: readonly ArrayLike<number>[],
    private readonly chosen: readonly number[],
    private readonly variance: number,
  ) {}

  /** @param limit at most so many samples, spread evenly */
  static async create(original: Graph, samples: SampleSet, limit = Number.POSITIVE_INFINITY): Promise<Judge> {
    const indices = spreadIndices(samples.count, limit);
    const responses = responsesOf(original);
    const executor = await Executor.create(withOutput(original, responses));
    const answers = indices.map((index) => executor.run(samples.at(index)).map(({ data }) => data as Float32Array));
    const expected = answers.map((answer) => answer.at(-1) as Float32Array);
    const mean = expected.reduce(
      (sum, y) => sum.map((value, i) => value + (y[i] as number) / expected.length),
      new Float64Array(expected[0]?.length ?? 0),
    );
    const variance = expected.reduce((sum, y) => sum + y.reduce((part, value, i) => part + (value - (mean[i] as number)) ** 2, 0), 0);
    const chosen = answers.map((answer) => indexOfMaximum(answer[0] as Float32Array));
    return new Judge(samples, indices, responses, expected, chosen, variance);
  }

  get isLabelled(): boolean {
    return this.samples.label !== undefined;
  }

  /** Of the original; absent without labels. */
  get originalTop1(): number | undefined {
    const { label } = this.samples;
    return label && this.indices.filter((index, i) => this.chosen[i] === label(index)).length / this.indices.length;
  }

  /** @param graph with the original's inputs, outputs and responses; float32 or int8 */
  async judge(graph: Graph): Promise<Judgement> {
    const executor = await Executor.create(withOutput(graph, this.responses));
    const { quantization } = valueOf(graph, this.responses).type;
    let [agreeing, right, error] = [0, 0, 0];
    for (const [i, index] of this.indices.entries()) {
      const answers = executor.run(inputsOf(graph, this.samples.at(index)));
      const choice = indexOfMaximum(answers[0]?.data as ArrayLike<number>);
      agreeing += Number(choice === this.chosen[i]);
      right += Number(choice === this.samples.label?.(index));
      const expected = this.expected[i] as ArrayLike<number>;
      const responses = realNumbers((answers.at(-1) as (typeof answers)[number]).data, quantization);
      for (let k = 0; k < expected.length; k++) error += ((expected[k] as number) - (responses[k] as number)) ** 2;
      // Signals (Ctrl-C) are heard between samples.
      if (i % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const [agreement, top1] = [agreeing / this.indices.length, right / this.indices.length];
    return {
      agreement,
      ...(this.isLabelled && { top1 }),
      drop: 100 * (this.originalTop1 !== undefined ? this.originalTop1 - top1 : 1 - agreement),
      loss: this.variance > 0 ? error / this.variance : error,
    };
  }
}
