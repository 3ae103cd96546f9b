/** Among what is chosen when channels are selected: tied channels, or the inputs of the model, and what each of them costs. */
import { type ChannelUnits, unitsOf } from './channels.ts';
import { groupsOf } from './choose-channels.ts';
import type { Layer } from './layers.ts';
import type { Network } from './network.ts';

/** Channels or inputs among which is chosen. */
export interface Choice {
  readonly name: string;
  /** Names of the layers that read them. */
  readonly readers: readonly string[];
  /** Units of channels; undefined: the inputs of its one reader. */
  readonly units: readonly number[] | undefined;
  readonly groups: number;
  /** Parameters, and multiply-accumulates, that one of them accounts for. */
  readonly cost: Cost;
}

export interface Cost {
  readonly parameters: number;
  readonly macs: number;
}

/** What goes with one of `count` channels: its rows in these layers, its columns in those. */
function costOf(count: number, rows: readonly Layer[], columns: readonly { readonly layer: Layer; readonly share: number }[]): Cost {
  const parts = [
    ...rows.map((layer) => ({ layer, weights: layer.weights.length + layer.outputs })),
    ...columns.map(({ layer, share }) => ({ layer, weights: share * layer.weights.length })),
  ];
  return {
    parameters: parts.reduce((sum, { weights }) => sum + weights, 0) / count,
    macs: parts.reduce((sum, { layer, weights }) => sum + weights * layer.positions, 0) / count,
  };
}

/** A dense layer none of whose inputs can be removed where they are made. */
function readsTheModelsInputs({ kind, input }: Layer, traced: ChannelUnits): boolean {
  return kind === 'dense' && unitsOf(traced, input).every((unit) => traced.frozen.has(unit));
}

function choiceOfInputs(layer: Layer): Choice {
  return {
    name: `inputs of ${layer.name}`,
    readers: [layer.name],
    units: undefined,
    groups: layer.inputs,
    cost: costOf(layer.inputs, [], [{ layer, share: 1 }]),
  };
}

/** @param inputs whether the inputs of the model are chosen among, too */
export function choicesOf(network: Network, layers: readonly Layer[], traced: ChannelUnits, inputs: boolean): Choice[] {
  const channels = groupsOf(network, layers, traced)
    .filter(({ consumers }) => consumers.length > 0)
    .map(({ units, producers, consumers }) => {
      const own = new Set(units);
      const share = (layer: Layer) => unitsOf(traced, layer.input).filter((unit) => own.has(unit)).length / layer.inputs;
      return {
        name: producers.map(({ name }) => name).join(', '),
        readers: consumers.map(({ name }) => name),
        units,
        groups: units.length,
        cost: costOf(
          units.length,
          producers,
          consumers.map((layer) => ({ layer, share: share(layer) })),
        ),
      };
    });
  return [...(inputs ? layers.filter((layer) => readsTheModelsInputs(layer, traced)).map(choiceOfInputs) : []), ...channels];
}
