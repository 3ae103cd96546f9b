/** Takes constant channels out of a network: what they contributed goes into the biases of the layers that read them. */
import type { ValueName } from '../graph.ts';
import { type ChannelUnits, traceChannels } from './channels.ts';
import { type Layer, layersOf, withWeights } from './layers.ts';
import { type Network, narrowNetwork } from './network.ts';

/** The layers that read these units: not the depthwise ones, which pass them on. */
export function readingLayers(network: Network): Layer[] {
  return layersOf(network.graph).filter(({ kind }) => kind !== 'depthwise');
}

/** bias[o] + Σ over taps and folded channels of W[o, tap, channel] · constant[channel]. */
export function foldedBias(layer: Layer, constants: ReadonlyMap<number, number>): Float32Array {
  const bias = Float64Array.from(layer.bias);
  for (let o = 0; o < layer.outputs; o++)
    for (let tap = 0; tap < layer.taps; tap++)
      for (const [channel, constant] of constants) {
        const weight = layer.weights[o * layer.columns + tap * layer.inputs + channel] as number;
        bias[o] = (bias[o] as number) + weight * constant;
      }
  return Float32Array.from(bias);
}

/**
 * Removes the units. Exact where the channels are the given constants, and 0 where a layer that reads them pads.
 * @param constants value that a layer reads → what stands for each of its channels
 */
export function foldChannels(
  network: Network,
  removed: ReadonlySet<number>,
  constants: ReadonlyMap<ValueName, ArrayLike<number>>,
  traced: ChannelUnits = traceChannels(network.graph),
): Network {
  let { graph } = network;
  for (const layer of readingLayers(network)) {
    const folded = new Map<number, number>();
    traced.units.get(layer.input)?.forEach((unit, channel) => {
      const constant = constants.get(layer.input)?.[channel] ?? 0;
      if (removed.has(unit) && constant !== 0) folded.set(channel, constant);
    });
    if (folded.size > 0) graph = withWeights(graph, layer, layer.weights, foldedBias(layer, folded));
  }
  return narrowNetwork({ ...network, graph }, removed, traced);
}
