/**
 * Cross-layer equalization (Nagel et al., "Data-Free Quantization", ICCV 2019, 4.1; post-training.md 2.2): what lies between
 * two layers may be scaled per channel, because a ReLU and a pool answer s · x with s times as much. With r_i the largest
 * weight that makes channel i and r'_i the largest that reads it, s_i = √(r_i / r'_i) gives both the same range:
 *
 *     W[i, :] / s_i,  b_i / s_i,  W'[:, i] · s_i
 *
 * Chains (convolution, depthwise, convolution; factors of a factorization) are done again and again until nothing moves.
 */
import { z } from 'zod';
import type { Graph } from '../graph.ts';
import { readerOf, renamed } from './layer-pairs.ts';
import { type Layer, layerNamed, layersOf, withWeights } from './layers.ts';
import { defineMethod, type LayerOutcome } from './method.ts';

/** Two layers with nothing but pools between them. */
interface Pair {
  readonly first: string;
  readonly second: string;
}

/** Why what follows a layer cannot be equalized with it. */
function obstacle(graph: Graph, layer: Layer, chosen: ReadonlySet<string>): Pair | string {
  const [low, high] = layer.clamp;
  if ((low !== 0 && low !== Number.NEGATIVE_INFINITY) || high !== Number.POSITIVE_INFINITY)
    return `its activation ends at ${high}: scaled channels would be clipped elsewhere`;
  const second = readerOf(graph, layer.output)?.layer;
  if (!second) return 'no single layer reads it';
  return chosen.has(second.name) ? { first: layer.name, second: second.name } : `the step leaves out ${second.name}`;
}

interface Numbers {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Index of the channel of the layer's input that weight i is multiplied with. */
function inputChannel({ kind, columns, inputs }: Layer, i: number): number {
  return kind === 'depthwise' ? Math.floor(i / columns) : (i % columns) % inputs;
}

function largestBy(weights: Float32Array, channels: number, channelOf: (i: number) => number): Float64Array {
  const largest = new Float64Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel] as number, Math.abs(weight));
  });
  return largest;
}

/** Scales both layers in place. @returns the scales; 1 for channels that nothing makes or nothing reads */
export function equalizePair(first: Layer, made: Numbers, second: Layer, reading: Numbers): Float64Array {
  const makers = largestBy(made.weights, first.outputs, (i) => Math.floor(i / first.columns));
  const readers = largestBy(reading.weights, second.inputs, (i) => inputChannel(second, i));
  const scales = makers.map((r, i) => (r > 0 && (readers[i] as number) > 0 ? Math.sqrt(r / (readers[i] as number)) : 1));
  made.weights.forEach((weight, i) => {
    made.weights[i] = weight / (scales[Math.floor(i / first.columns)] as number);
  });
  made.bias.forEach((bias, i) => {
    made.bias[i] = bias / (scales[i] as number);
  });
  reading.weights.forEach((weight, i) => {
    reading.weights[i] = weight * (scales[inputChannel(second, i)] as number);
  });
  return scales;
}

export const crossLayerEqualization = defineMethod({
  name: 'cross-layer-equalization',
  summary: 'scales the channels between two layers so that the weights that make them and those that read them reach equally far',
  source: 'Nagel et al., ICCV 2019, 4.1; post-training.md 2.2',
  needs: 'weights',
  defaultLayers: ['*'],
  options: z.object({
    tolerance: z.number().gt(0).default(1e-4).describe('chains are done when no scale is farther from 1'),
    rounds: z.int().min(1).default(100).describe('at most so many times'),
  }),

  apply(context, layers, { tolerance, rounds }) {
    let { graph } = context.network;
    const chosen = new Set(layers.map(({ name }) => name));
    const found = layersOf(graph)
      .filter(({ name }) => chosen.has(name))
      .map((layer) => ({ layer, pair: obstacle(graph, layer, chosen) }));
    const pairs = found.flatMap(({ pair }) => (typeof pair === 'string' ? [] : [pair]));
    const numbers = new Map(layers.map(({ name, weights, bias }) => [name, { weights: weights.slice(), bias: bias.slice() }]));
    const scales = new Map(pairs.map(({ first }) => [first, new Float64Array((layerNamed(graph, first) as Layer).outputs).fill(1)]));
    for (let round = 0; round < rounds; round++) {
      let farthest = 0;
      for (const { first, second } of pairs) {
        const of = (name: string) => [layerNamed(graph, name) as Layer, numbers.get(name) as Numbers] as const;
        const own = equalizePair(...of(first), ...of(second));
        const total = scales.get(first) as Float64Array;
        own.forEach((scale, i) => {
          total[i] = (total[i] as number) * scale;
          farthest = Math.max(farthest, Math.abs(scale - 1));
        });
      }
      if (farthest <= tolerance) break;
    }
    const changed = new Set(pairs.flatMap(({ first, second }) => [first, second]));
    for (const name of changed) {
      const { weights, bias } = numbers.get(name) as Numbers;
      graph = withWeights(graph, layerNamed(graph, name) as Layer, weights, bias);
    }
    for (const { first } of pairs) graph = renamed(graph, (layerNamed(graph, first) as Layer).output, 'equalized');
    const outcomes = found.map(({ layer, pair }): LayerOutcome => {
      if (typeof pair === 'string') return { layer: layer.name, action: 'kept', reason: pair };
      const own = scales.get(layer.name) as Float64Array;
      return { layer: layer.name, action: 'equalized', facts: { with: pair.second, scales: [Math.min(...own), Math.max(...own)] } };
    });
    return { network: { ...context.network, graph }, layers: outcomes };
  },
});
