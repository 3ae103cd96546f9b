/** The interface of a compression method. One method is one file in this folder and one line in `index.ts`. */
import type { z } from 'zod';
import type { Graph } from '../graph.ts';
import type { QuantizeOptions } from '../quantization/quantize.ts';
import type { Layer } from './layers.ts';
import type { Network } from './network.ts';
import type { LayerStatistics, StatisticsOptions } from './statistics.ts';
import type { SampleSet } from './values.ts';

/** What a method sees of the recipe that runs. */
export interface MethodContext {
  /** The float graph before the first step: it answers the targets. */
  readonly original: Graph;
  /** The network as the steps before left it. */
  readonly network: Network;
  /** Empty when none were given; `needs: 'samples'` methods are never called then. */
  readonly samples: SampleSet;
  readonly seed: number;
  /**
   * R and G of these layers in one pass over the samples: targets of the original, inputs of `network`
   * (default: the context's). A method that goes from layer to layer asks again with the network it has made so far.
   */
  statistics(layers: readonly Layer[], network?: Network, options?: StatisticsOptions): Promise<ReadonlyMap<string, LayerStatistics>>;
  /** One line for people who wait. */
  progress(text: string): void;
}

export interface LayerOutcome {
  /** Name of the layer. */
  readonly layer: string;
  /** What became of it; `kept`: nothing, for `reason`. */
  readonly action: 'pruned' | 'narrowed' | 'folded' | 'factorized' | 'rounded' | 'refitted' | 'equalized' | 'kept';
  readonly reason?: string;
  /** Rank, sparsity, width and whatever else the method chose. */
  readonly facts?: Readonly<Record<string, number | string | readonly number[]>>;
  /** Predicted from the statistics: E‖y - ŷ‖² / E‖y - E[y]‖² of this layer's answers, before the activation. */
  readonly relativeError?: number;
}

export interface MethodResult {
  readonly network: Network;
  /** One entry per layer that was asked for, and any other that changed. */
  readonly layers: readonly LayerOutcome[];
  /** What the quantizer must know of (nodes that stay float32, …); later steps add to it. */
  readonly quantization?: QuantizeOptions;
}

/** How `whittle search` uses a method: what it decides on, and what it can choose. */
export interface MethodSearch {
  /** One decision for each layer, for each group of channels that are tied together, or for the network as a whole. */
  readonly target: 'layer' | 'channels' | 'network';
  /** At most one setting of a kind is chosen for a target: methods of the same kind are alternatives, of different kinds follow each other. */
  readonly kind: 'width' | 'factors' | 'zeros' | 'precision' | 'rounding' | 'cleaning';
  /** Options of the step, from the mildest to the strongest. */
  readonly settings: readonly Readonly<Record<string, unknown>>[];
}

export interface CompressionMethod<Options extends z.ZodObject = z.ZodObject> {
  /** As recipes name it: kebab-case, like the file. */
  readonly name: string;
  /** One sentence for --list-methods. */
  readonly summary: string;
  /** Authors, where, year; section of methods.md. */
  readonly source: string;
  /** `samples`: it cannot run without. */
  readonly needs: 'weights' | 'samples';
  /** Layers when the recipe names none. */
  readonly defaultLayers: readonly string[];
  /** Every option with its default and a description. */
  readonly options: Options;
  /** Absent: `whittle search` leaves the method to recipes. */
  readonly search?: MethodSearch;
  apply(context: MethodContext, layers: readonly Layer[], options: z.output<Options>): Promise<MethodResult> | MethodResult;
}

/** Gives `apply` the type of the method's own options. */
export function defineMethod<Options extends z.ZodObject>(method: CompressionMethod<Options>): CompressionMethod {
  return method as unknown as CompressionMethod;
}
