/** How well a network answers: against the original's answers, and against labels where there are any. */
import { Executor } from '../execute.ts';
import { type Graph, valueOf } from '../graph.ts';
import { AccuracyMeter, inputsOf, realNumbers } from '../quantization/accuracy.ts';
import { type SampleSet, spreadIndices } from './values.ts';

export interface Measurement {
  readonly samples: number;
  /** Share of samples on which both choose the same class (largest value of the first output). */
  readonly agreement: number;
  /** Σ (y - ŷ)² / Σ y² over all outputs. */
  readonly outputError: number;
  /** Largest difference of an output. */
  readonly maxDifference: number;
  /** Share of samples with the right class; absent without labels. */
  readonly top1?: number;
}

/** Runs the original once and keeps its answers, so that many networks can be compared with it. */
export class Referee {
  private constructor(
    private readonly samples: SampleSet,
    private readonly indices: readonly number[],
    private readonly answers: readonly (readonly ArrayLike<number>[])[],
  ) {}

  /** @param limit at most so many samples, spread evenly */
  static async create(original: Graph, samples: SampleSet, limit = Number.POSITIVE_INFINITY): Promise<Referee> {
    const indices = spreadIndices(samples.count, limit);
    const executor = await Executor.create(original);
    const answers = indices.map((index) => executor.run(samples.at(index)).map(({ data }) => data));
    return new Referee(samples, indices, answers);
  }

  /** The original's own score. */
  top1(): number | undefined {
    const { label } = this.samples;
    if (!label || this.indices.length === 0) return undefined;
    const right = this.indices.filter((index, i) => indexOfMaximum(this.answers[i]?.[0] ?? []) === label(index));
    return right.length / this.indices.length;
  }

  /** @param graph with the original's inputs and outputs; float32 or int8 */
  async measure(graph: Graph): Promise<Measurement> {
    const executor = await Executor.create(graph);
    const meter = new AccuracyMeter();
    let [agreeing, right, maxDifference] = [0, 0, 0];
    this.indices.forEach((index, i) => {
      const expected = this.answers[i] as readonly ArrayLike<number>[];
      const answers = executor.run(inputsOf(graph, this.samples.at(index))).map(({ data }, port) => {
        const { quantization } = valueOf(graph, (graph.outputs[port] as Graph['outputs'][number]).value).type;
        return realNumbers(data, quantization);
      });
      answers.forEach((answer, port) => {
        const wanted = expected[port] as ArrayLike<number>;
        meter.add(wanted, answer);
        for (let k = 0; k < wanted.length; k++)
          maxDifference = Math.max(maxDifference, Math.abs((wanted[k] as number) - (answer[k] as number)));
      });
      const chosen = indexOfMaximum(answers[0] as ArrayLike<number>);
      agreeing += Number(chosen === indexOfMaximum(expected[0] as ArrayLike<number>));
      right += Number(chosen === this.samples.label?.(index));
    });
    const samples = this.indices.length;
    return {
      samples,
      agreement: agreeing / samples,
      outputError: 10 ** (-meter.accuracy.sqnr / 10),
      maxDifference,
      ...(this.samples.label && { top1: right / samples }),
    };
  }
}

export function indexOfMaximum(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}
