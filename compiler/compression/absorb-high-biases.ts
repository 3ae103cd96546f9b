/**
 * High-bias absorption (Nagel et al., "Data-Free Quantization", ICCV 2019, 4.1.3; post-training.md 2.2): what a channel
 * before a ReLU has to spare above zero moves into the bias of the layer behind, so that its range begins at zero. With β
 * and γ the mean and the standard deviation of the channel's linear answers, by the samples,
 *
 *     c = max(0, β - 3 γ)        b - c,        b' + W' c
 *
 * and max(0, y) - c = max(0, y - c) for all y ≥ c, which are nearly all. It is the step behind cross-layer equalization,
 * which enlarges biases.
 */
import { z } from 'zod';
import type { Graph } from '../graph.ts';
import { innerProduct } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { centred, groupWeights } from './covariances.ts';
import { foldedBias } from './fold-channels.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { readerOf, renamed } from './layer-pairs.ts';
import { type Layer, layerNamed, windowOfLayer, withWeights } from './layers.ts';
import { defineMethod } from './method.ts';
import type { LayerStatistics } from './statistics.ts';

/** The layer that takes the shift, or why there is none. */
function taker(graph: Graph, { clamp, output }: Layer): Layer | string {
  if (clamp[0] !== 0) return 'no ReLU follows it';
  if (clamp[1] !== Number.POSITIVE_INFINITY) return `its activation ends at ${clamp[1]}: shifted channels would be clipped elsewhere`;
  const reader = readerOf(graph, output);
  if (!reader) return 'no single layer reads it';
  if (reader.layer.kind === 'depthwise') return `${reader.layer.name} reads every channel by itself`;
  const windows = [windowOfLayer(reader.layer), ...reader.pools];
  if (windows.some(({ padBefore, padAfter }) => [...padBefore, ...padAfter].some((pad) => pad > 0)))
    return `${reader.layer.name} pads with zeros, which the shift would have to reach, too`;
  return reader.layer;
}

/** c of each channel. */
function spareAboveZero(layer: Layer, statistics: LayerStatistics, deviations: number): Float64Array {
  const { correlation } = centred(statistics);
  const rows = layer.outputs / layer.groups;
  const spare = new Float64Array(layer.outputs);
  correlation.forEach((r, group) => {
    const w = groupWeights(layer, layer.weights, group);
    const product = multiply(w, r);
    for (let row = 0; row < rows; row++) {
      const own = w.data.subarray(row * w.columns, (row + 1) * w.columns);
      const variance = Math.max(0, innerProduct(own, product.data.subarray(row * w.columns, (row + 1) * w.columns)));
      const o = group * rows + row;
      const mean = innerProduct(own, statistics.inputMean[group] as Float64Array) + (layer.bias[o] as number);
      spare[o] = Math.max(0, mean - deviations * Math.sqrt(variance));
    }
  });
  return spare;
}

export const absorbHighBiases = defineMethod({
  name: 'absorb-high-biases',
  summary: 'moves what channels have to spare above zero into the biases of the layers behind: their ranges begin at zero',
  source: 'Nagel et al., ICCV 2019, 4.1.3; post-training.md 2.2',
  needs: 'samples',
  defaultLayers: ['*'],
  options: z.object({
    deviations: z.number().min(0).default(3).describe('so many standard deviations of a channel stay above zero'),
  }),

  apply: (context, layers, { deviations }) =>
    layerByLayer(context, layers, async (network, layer) => {
      const behind = taker(network.graph, layer);
      if (typeof behind === 'string') return kept(network, layer.name, behind);
      const statistics = (await context.statistics([layer], network)).get(layer.name) as LayerStatistics;
      const spare = spareAboveZero(layer, statistics, deviations);
      const constants = new Map([...spare].flatMap((c, channel) => (c > 0 ? [[channel, c] as const] : [])));
      if (constants.size === 0) return kept(network, layer.name, 'none of its channels is always above zero');
      const bias = layer.bias.map((b, o) => b - (spare[o] as number));
      const shifted = withWeights(network.graph, layer, layer.weights, bias);
      const current = layerNamed(shifted, behind.name) as Layer;
      const taken = withWeights(shifted, current, current.weights, foldedBias(current, constants));
      return {
        network: { ...network, graph: renamed(taken, layer.output, 'absorbed') },
        outcome: {
          layer: layer.name,
          action: 'folded',
          facts: { into: behind.name, channels: constants.size, largest: Math.max(...spare) },
        },
      };
    }),
});
