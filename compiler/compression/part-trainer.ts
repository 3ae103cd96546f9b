/** Moves the weights of a part of a network until it gives wanted values: Adam on the squared error, step length a cosine. */
import { type Graph, type ValueName, valueOf } from '../graph.ts';
import { uniformRandom } from '../linalg/random.ts';
import { Adam } from '../train/adam.ts';
import { DifferentiablePart } from '../train/differentiable-part.ts';
import { sizeOf } from '../train/gradient-rule.ts';
import { type Layer, layerNamed, withWeights } from './layers.ts';
import type { NetworkPart } from './network-parts.ts';
import { type SampleSet, ValueReader } from './values.ts';

/** Values of some samples, one sample after the other. */
export type ValueTable = ReadonlyMap<ValueName, Float32Array>;

/** @param channels of narrower values: which of the graph's channels are wanted */
export async function readValues(
  graph: Graph,
  names: readonly ValueName[],
  samples: SampleSet,
  indices: readonly number[],
  channels?: ReadonlyMap<ValueName, ArrayLike<number>>,
): Promise<ValueTable> {
  const reader = await ValueReader.create(graph, names, samples, indices);
  const table = new Map<ValueName, Float32Array>();
  for (const [row, index] of indices.entries()) {
    for (const [name, data] of reader.read(index)) {
      const width = valueOf(graph, name).type.shape.at(-1) as number;
      const kept = channels?.get(name);
      const size = kept ? (data.length / width) * kept.length : data.length;
      const own = table.get(name) ?? new Float32Array(size * indices.length);
      table.set(name, own);
      if (!kept) own.set(data, row * size);
      else
        for (let i = 0; i < size; i++)
          own[row * size + i] = data[Math.floor(i / kept.length) * width + (kept[i % kept.length] as number)] as number;
    }
    // Signals (Ctrl-C) are heard between samples.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return table;
}

function rootMeanSquare(data: ArrayLike<number>, from = 0, to = data.length): number {
  let [sum, count] = [0, 0];
  for (let i = from; i < to; i++) {
    sum += (data[i] as number) ** 2;
    count += Number(data[i] !== 0);
  }
  return Math.sqrt(sum / Math.max(1, count));
}

/** Step lengths: the size of the weights of the same row; of zeros, nothing. */
function weightRates({ weights, outputs, columns }: Layer): Float64Array {
  const rates = new Float64Array(weights.length);
  for (let o = 0; o < outputs; o++) {
    const size = rootMeanSquare(weights, o * columns, (o + 1) * columns);
    for (let i = o * columns; i < (o + 1) * columns; i++) if (weights[i] !== 0) rates[i] = size;
  }
  return rates;
}

function variance(data: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of data) {
    sum += value;
    squares += value * value;
  }
  return squares / data.length - (sum / data.length) ** 2;
}

/** Random order of 0 … count - 1, in place. */
function shuffle(order: Int32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
}

export interface TrainingOptions {
  readonly epochs: number;
  /** Samples per step. */
  readonly batch: number;
  /** First step length, as a share of the size of what moves. */
  readonly rate: number;
  /** How much the part's output counts beside each wanted value inside it. */
  readonly outputWeight: number;
  readonly seed: number;
}

export interface TrainingData {
  readonly count: number;
  /** Inputs of the part. */
  readonly given: ValueTable;
  /** What values of the part should be. */
  readonly wanted: ValueTable;
}

/** An array of parameters that moves. */
interface Mover {
  readonly name: ValueName;
  readonly adam: Adam;
  readonly rates: Float64Array;
}

export class PartTrainer {
  private readonly part: DifferentiablePart;
  private readonly movers: Mover[];
  /** Of the squared error of each wanted value: they count alike, whatever their sizes. */
  private readonly shares: ReadonlyMap<ValueName, number>;

  /**
   * @param layers of the part that move
   * @throws MissingGradientError when a node of the part has none.
   */
  constructor(
    private readonly graph: Graph,
    { nodes, cuts }: NetworkPart,
    private readonly layers: readonly Layer[],
    private readonly data: TrainingData,
    private readonly options: TrainingOptions,
  ) {
    const { batch } = options;
    this.part = new DifferentiablePart(graph, { nodes, parameters: layers.flatMap(({ node }) => node.inputs.slice(1, 3)), batch });
    const weight = (name: ValueName) => (name === cuts.at(-1) ? options.outputWeight : 1);
    this.shares = new Map(
      [...data.wanted].map(([name, target]) => [name, weight(name) / ((variance(target) || 1) * sizeOf(graph, name) * batch)]),
    );
    this.run(Int32Array.from({ length: batch }, (_, i) => i));
    this.movers = layers.flatMap((layer) => {
      const [w, b] = layer.node.inputs.slice(1, 3) as [ValueName, ValueName];
      // A bias is as large as the answers that it is part of.
      const biasRates = new Float64Array(layer.outputs).fill(rootMeanSquare(this.part.value(layer.output).data));
      return [
        { name: w, adam: new Adam(layer.weights.length), rates: weightRates(layer) },
        { name: b, adam: new Adam(layer.outputs), rates: biasRates },
      ];
    });
  }

  /** Runs these samples and writes the gradients of the loss. @returns Σ of the relative squared errors of the wanted values */
  private run(rows: ArrayLike<number>): number {
    for (const [name, from] of this.data.given) {
      const to = this.part.value(name).data;
      const size = sizeOf(this.graph, name);
      for (let i = 0; i < rows.length; i++) to.set(from.subarray((rows[i] as number) * size, ((rows[i] as number) + 1) * size), i * size);
    }
    this.part.forward();
    let loss = 0;
    for (const [name, share] of this.shares) {
      const [y, dy, target] = [this.part.value(name).data, this.part.gradient(name).data, this.data.wanted.get(name) as Float32Array];
      const size = sizeOf(this.graph, name);
      for (let i = 0; i < y.length; i++) {
        const row = Math.floor(i / size);
        const difference = (y[i] as number) - (target[i + ((rows[row] as number) - row) * size] as number);
        loss += share * difference * difference;
        dy[i] = 2 * share * difference;
      }
    }
    return loss;
  }

  /** Mean loss over all samples, up to the last whole batch. */
  loss(): number {
    const { batch } = this.options;
    const batches = Math.floor(this.data.count / batch);
    let sum = 0;
    for (let b = 0; b < batches; b++) sum += this.run(Int32Array.from({ length: batch }, (_, i) => b * batch + i));
    return sum / batches;
  }

  async train(): Promise<void> {
    const { batch, epochs, rate, seed } = this.options;
    const random = uniformRandom(seed);
    const order = Int32Array.from({ length: this.data.count }, (_, i) => i);
    const perEpoch = Math.floor(order.length / batch);
    const steps = Math.ceil(epochs * perEpoch);
    for (let step = 0; step < steps; step++) {
      const at = (step % perEpoch) * batch;
      if (at === 0) shuffle(order, random);
      this.run(order.subarray(at, at + batch));
      this.part.backward();
      const factor = (rate / 2) * (1 + Math.cos((Math.PI * step) / steps));
      for (const { name, adam, rates } of this.movers) adam.step(this.part.value(name).data, this.part.gradient(name).data, rates, factor);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The graph with the weights as they are now. */
  result(): Graph {
    return this.layers.reduce((graph, { name, node }) => {
      const [w, b] = node.inputs.slice(1, 3).map((constant) => this.part.value(constant).data.slice()) as [Float32Array, Float32Array];
      return withWeights(graph, layerNamed(graph, name) as Layer, w, b);
    }, this.graph);
  }
}
