/** After a factorization: its last layer is an ordinary one, and is fitted to what the original answered (least squares). */

import { relativeError } from './covariances.ts';
import type { LayerResult } from './layer-by-layer.ts';
import { layerNamed, withWeights } from './layers.ts';
import type { LayerOutcome, MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { DEFAULT_RIDGE, refit } from './refit.ts';

/** @param name of the layer that was factorized: its last link has it */
export async function fitLastLink(
  context: MethodContext,
  network: Network,
  name: string,
  facts: LayerOutcome['facts'],
  { refit: fits, meanWeight }: { readonly refit: boolean; readonly meanWeight?: number },
): Promise<LayerResult> {
  const plain = { network, outcome: { layer: name, action: 'factorized' as const, ...(facts && { facts }) } };
  const last = layerNamed(network.graph, name);
  if (context.samples.count === 0 || !last) return plain;
  const statistics = (await context.statistics([last], network, { ...(meanWeight !== undefined && { meanWeight }) })).get(name);
  if (!statistics) return plain;
  if (!fits) return { network, outcome: { ...plain.outcome, relativeError: relativeError(last, statistics, last.weights, last.bias) } };
  const { weights, bias } = refit(last, statistics, new Uint8Array(last.weights.length).fill(1), DEFAULT_RIDGE);
  return {
    network: { ...network, graph: withWeights(network.graph, last, weights, bias) },
    outcome: { ...plain.outcome, relativeError: relativeError(last, statistics, weights, bias) },
  };
}
