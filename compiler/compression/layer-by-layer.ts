/** Methods that change one layer after the other, each on the network that the layers before left. */
import { type Layer, layerNamed } from './layers.ts';
import type { LayerOutcome, MethodContext, MethodResult } from './method.ts';
import type { Network } from './network.ts';

export interface LayerResult {
  readonly network: Network;
  readonly outcome: LayerOutcome;
}

/** The layer stays as it is. */
export function kept(network: Network, layer: string, reason: string, facts?: LayerOutcome['facts']): LayerResult {
  return { network, outcome: { layer, action: 'kept', reason, ...(facts && { facts }) } };
}

export async function layerByLayer(
  context: MethodContext,
  layers: readonly Layer[],
  change: (network: Network, layer: Layer) => Promise<LayerResult> | LayerResult,
): Promise<MethodResult> {
  let { network } = context;
  const outcomes: LayerOutcome[] = [];
  for (const { name } of layers) {
    context.progress(name);
    const result = await change(network, layerNamed(network.graph, name) as Layer);
    network = result.network;
    outcomes.push(result.outcome);
  }
  return { network, layers: outcomes };
}
