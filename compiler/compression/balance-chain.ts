/**
 * Factors for int8 (methods.md 7, "int8 mapping"): between the links of a chain is no activation, so that a channel may be
 * scaled by one link and scaled back by the next. Every channel of a bottleneck gets the same largest magnitude on the
 * samples; a common scale then loses nothing on any of them.
 */
import { type Graph, producerOf, type ValueName } from '../graph.ts';
import { type Layer, layerNamed, layerOf, withWeights } from './layers.ts';
import type { Network } from './network.ts';
import { type SampleSet, spreadIndices, ValueReader } from './values.ts';

/** Ranges are known after so many. */
const SAMPLES = 128;

/** The links that stand in a layer's place, first to last. @param input the value that the layer reads */
export function linksOf(graph: Graph, name: string, input: ValueName): Layer[] {
  const links: Layer[] = [];
  for (let layer = layerNamed(graph, name); layer; ) {
    links.unshift(layer);
    if (layer.input === input) break;
    const producer = producerOf(graph, layer.input);
    layer = producer && layerOf(graph, producer);
  }
  return links;
}

/** Largest magnitude of each channel of what these layers compute. */
export async function channelRanges(graph: Graph, links: readonly Layer[], samples: SampleSet): Promise<Float64Array[]> {
  const indices = spreadIndices(samples.count, SAMPLES);
  const names = links.map(({ output }) => output);
  const reader = await ValueReader.create(graph, names, samples, indices);
  const ranges = links.map(({ outputs }) => new Float64Array(outputs));
  for (const index of indices) {
    const values = reader.read(index);
    names.forEach((name, link) => {
      const [data, range] = [values.get(name) as ArrayLike<number>, ranges[link] as Float64Array];
      for (let i = 0; i < data.length; i++) {
        const channel = i % range.length;
        range[channel] = Math.max(range[channel] as number, Math.abs(data[i] as number));
      }
    });
  }
  return ranges;
}

/** Multiplies row o by rows[o], and what reads input channel c by columns[c]. */
function scaleLink(layer: Layer, rows: ArrayLike<number> | undefined, columns: ArrayLike<number> | undefined) {
  const { outputs, groups } = layer;
  const inGroup = layer.inputs / groups;
  const weights = layer.weights.map((value, i) => {
    const row = Math.floor(i / layer.columns);
    const channel = Math.floor(row / (outputs / groups)) * inGroup + (i % inGroup);
    return value * (rows?.[row] ?? 1) * (columns?.[channel] ?? 1);
  });
  return { weights, bias: layer.bias.map((value, o) => value * (rows?.[o] ?? 1)) };
}

/**
 * @param name of the layer that was replaced, @param input the value that it read
 * @returns a network that answers the same but for rounding
 */
export async function balanceChain(network: Network, name: string, input: ValueName, samples: SampleSet): Promise<Network> {
  const links = linksOf(network.graph, name, input);
  if (samples.count === 0 || links.length < 2) return network;
  const ranges = await channelRanges(network.graph, links.slice(0, -1), samples);
  // A channel that is always zero is left alone.
  const factors = ranges.map((range) => {
    const largest = range.reduce((a, b) => Math.max(a, b), 0);
    return range.map((value) => (value > 0 ? largest / value : 1));
  });
  let { graph } = network;
  links.forEach((link, i) => {
    const { weights, bias } = scaleLink(
      link,
      factors[i],
      factors[i - 1]?.map((value) => 1 / value),
    );
    graph = withWeights(graph, layerNamed(graph, link.name) as Layer, weights, bias);
  });
  return { ...network, graph };
}
