/** The network that the steps of a recipe work on, and how it relates to the original one. */
import type { Graph, ValueName } from '../graph.ts';
import type { ChannelUnits } from './channels.ts';
import { removeChannels } from './remove-channels.ts';

export interface Network {
  readonly graph: Graph;
  /**
   * For values that lost channels: which of the original value's channels are left. Values keep their names, so that the
   * original's answer is known for every value that still exists.
   */
  readonly channels: ReadonlyMap<ValueName, Int32Array>;
}

export function originalNetwork(graph: Graph): Network {
  return { graph, channels: new Map() };
}

/** The network without these channel units; see `removeChannels`. */
export function narrowNetwork(network: Network, removed: ReadonlySet<number>, traced?: ChannelUnits): Network {
  const { graph, kept } = removeChannels(network.graph, removed, traced);
  const channels = new Map(network.channels);
  for (const [name, indices] of kept) {
    const before = channels.get(name);
    channels.set(name, before ? indices.map((index) => before[index] as number) : indices);
  }
  return { graph, channels };
}
