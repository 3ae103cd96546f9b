/** What a method that removes channels did to each layer. */
import { layersOf } from './layers.ts';
import type { LayerOutcome } from './method.ts';
import type { Network } from './network.ts';

/** One outcome per layer that lost rows or columns. */
export function narrowingOutcomes(before: Network, after: Network): LayerOutcome[] {
  const left = new Map(layersOf(after.graph).map((layer) => [layer.name, layer]));
  return layersOf(before.graph).map((layer) => {
    const now = left.get(layer.name);
    if (now && now.outputs === layer.outputs && now.inputs === layer.inputs)
      return { layer: layer.name, action: 'kept', reason: 'every channel matters' };
    return {
      layer: layer.name,
      action: 'narrowed',
      facts: { outputs: [layer.outputs, now?.outputs ?? 0], inputs: [layer.inputs, now?.inputs ?? 0] },
    };
  });
}
