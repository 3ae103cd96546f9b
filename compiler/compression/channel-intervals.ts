/**
 * What every channel of every value can be at all, whatever the input: an interval per channel, found by interval
 * arithmetic on the weights. A channel whose interval is one number is constant for certain, not only on some samples.
 */
import { type Graph, type Node, type Value, type ValueName, valueOf } from '../graph.ts';
import { pads } from './channel-effects.ts';
import { type Layer, layerOf } from './layers.ts';

export interface ChannelIntervals {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function unbounded(channels: number): ChannelIntervals {
  return {
    low: new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
    high: new Float64Array(channels).fill(Number.POSITIVE_INFINITY),
  };
}

function channelsOf(graph: Graph, name: ValueName): number {
  return valueOf(graph, name).type.shape.at(-1) ?? 1;
}

/** factor · [low, high], where 0 times infinity is 0: a weight of 0 does not look. */
function scaled(factor: number, low: number, high: number): [number, number] {
  if (factor === 0) return [0, 0];
  return factor > 0 ? [factor * low, factor * high] : [factor * high, factor * low];
}

function throughLayer(layer: Layer, input: ChannelIntervals): ChannelIntervals {
  const { outputs, columns, taps, weights, bias, clamp, groups } = layer;
  const channels = columns / taps;
  const isPadded = pads(layer);
  const limit = (value: number) => Math.min(Math.max(value, clamp[0]), clamp[1]);
  const result = unbounded(outputs);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / groups)) * channels;
    let [low, high] = [bias[o] as number, bias[o] as number];
    let [lowSize, highSize] = [0, 0];
    for (let i = 0; i < columns; i++) {
      const c = first + (i % channels);
      let [from, to] = scaled(weights[o * columns + i] as number, input.low[c] as number, input.high[c] as number);
      if (isPadded) [from, to] = [Math.min(from, 0), Math.max(to, 0)];
      low += from;
      high += to;
      lowSize += Math.abs(from);
      highSize += Math.abs(to);
    }
    // Where nothing is added the answer is the bias itself; else the kernel's sum is rounded, by less than this.
    result.low[o] = limit(lowSize === 0 ? low : low - ROUNDING * (lowSize + Math.abs(low)));
    result.high[o] = limit(highSize === 0 ? high : high + ROUNDING * (highSize + Math.abs(high)));
  }
  return result;
}

/** Share of the sum of the magnitudes by which a float32 sum of a few thousand terms is off at most. */
const ROUNDING = 1e-4;

/** Operators whose every output is one of the input's numbers, or lies between them, channel by channel. */
const keeping = new Set(['MaxPool', 'Resize', 'ReduceExtreme', 'Tile', 'Transpose']);

const nonDecreasing = new Set(['Relu', 'Clip', 'Sigmoid', 'Tanh', 'HardSigmoid', 'Softplus', 'Exp']);

function functionOfNumber(node: Node, value: number): number {
  const [result] = node.op.evaluate([{ type: { dtype: 'float32', shape: [1] }, data: Float32Array.of(value) }], node.attributes);
  return result?.data[0] as number;
}

function throughNode(graph: Graph, node: Node, known: ReadonlyMap<ValueName, ChannelIntervals>): ChannelIntervals | undefined {
  const layer = layerOf(graph, node);
  const input = known.get(node.inputs[0] as ValueName);
  const channels = channelsOf(graph, node.outputs[0] as ValueName);
  if (!input) return undefined;
  if (layer) return throughLayer(layer, input);
  const { name } = node.op;
  const mean = name === 'Reduce' && node.attributes.function === 'Mean';
  if (name === 'Reshape') return flattened(input, channels);
  if ((keeping.has(name) || mean) && input.low.length === channels && keepsChannels(graph, node)) return input;
  if (name === 'Unary' && nonDecreasing.has(node.attributes.function)) {
    const through = (values: Float64Array) => values.map((value) => functionOfNumber(node, value));
    return { low: through(input.low), high: through(input.high) };
  }
  if (name === 'Add') return throughAdd(graph, node, known, channels);
  if (name === 'Concat' && node.attributes.axis === (valueOf(graph, node.outputs[0] as ValueName) as Value).type.shape.length - 1) {
    const parts = node.inputs.map((operand) => known.get(operand) ?? unbounded(channelsOf(graph, operand)));
    return {
      low: Float64Array.from(parts.flatMap(({ low }) => [...low])),
      high: Float64Array.from(parts.flatMap(({ high }) => [...high])),
    };
  }
  return undefined;
}

/** [H, W, C] → [H · W · C]: the intervals of the channels, once for each position. */
function flattened({ low, high }: ChannelIntervals, channels: number): ChannelIntervals | undefined {
  if (channels % low.length !== 0) return undefined;
  const repeat = (values: Float64Array) => Float64Array.from({ length: channels }, (_, i) => values[i % values.length] as number);
  return { low: repeat(low), high: repeat(high) };
}

/** The last axis is still that of the channels. */
function keepsChannels(graph: Graph, node: Node): boolean {
  const rank = valueOf(graph, node.inputs[0] as ValueName).type.shape.length;
  if (node.op.name === 'Transpose') return node.attributes.permutation.at(-1) === rank - 1;
  if (node.op.name === 'Reduce' || node.op.name === 'ReduceExtreme') return !node.attributes.axes.includes(rank - 1);
  if (node.op.name === 'Tile') return node.attributes.repeats.at(-1) === 1;
  return true;
}

function throughAdd(
  graph: Graph,
  node: Node,
  known: ReadonlyMap<ValueName, ChannelIntervals>,
  channels: number,
): ChannelIntervals | undefined {
  const operands = node.inputs.map((name) => (channelsOf(graph, name) === channels ? known.get(name) : undefined));
  if (!operands.every((operand) => operand !== undefined)) return undefined;
  const [low, high] = node.attributes.clamp;
  const sum = (side: 'low' | 'high') =>
    Float64Array.from({ length: channels }, (_, c) =>
      Math.min(
        Math.max(
          operands.reduce((total, operand) => total + (operand[side][c] as number), 0),
          low,
        ),
        high,
      ),
    );
  return { low: sum('low'), high: sum('high') };
}

/** For every value that is computed; values that nothing is known of are unbounded. */
export function channelIntervals(graph: Graph): Map<ValueName, ChannelIntervals> {
  const known = new Map<ValueName, ChannelIntervals>();
  for (const { value } of graph.inputs) known.set(value, unbounded(channelsOf(graph, value)));
  for (const node of graph.nodes) {
    const [output] = node.outputs as [ValueName];
    known.set(output, throughNode(graph, node, known) ?? unbounded(channelsOf(graph, output)));
    for (const other of node.outputs.slice(1)) known.set(other, unbounded(channelsOf(graph, other)));
  }
  return known;
}
