/**
 * Block reconstruction (the objective of BRECQ, Li et al., ICLR 2021, without its rounding; post-training.md 2.3): the weights
 * and biases of a part of the network move together, by Adam on our own gradients, until the part answers as the original
 * network did there, on the inputs that the network of now gives it. Zeros stay zeros. Unlike least squares layer by layer
 * it sees the activations between the layers, and one layer can make up for another. What counts is every value of the part
 * that alone carries the computation, each relative to its variance: block outputs, what is pooled from them, logits.
 */
import { z } from 'zod';
import { elementCount, type Graph, type ValueName, valueOf } from '../graph.ts';
import { MissingGradientError } from '../train/gradient-rule.ts';
import { type Layer, layerNamed } from './layers.ts';
import { defineMethod, type LayerOutcome, type MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { type NetworkPart, networkParts } from './network-parts.ts';
import { PartTrainer, readValues } from './part-trainer.ts';
import { spreadIndices } from './values.ts';

const options = z.object({
  depth: z.int().min(1).default(2).describe('layers that move together at least; more than there are: the whole network'),
  epochs: z.number().gt(0).default(10).describe('how often every sample is seen'),
  batch: z.int().min(1).default(32).describe('samples per step'),
  rate: z
    .number()
    .gt(0)
    .default(3e-3)
    .describe('first step length, as a share of the root mean square of a row of weights; it falls to zero as a cosine'),
  outputWeight: z
    .number()
    .gt(0)
    .default(1)
    .describe('how much the answer of a block counts beside each value inside it; of the last block: the outputs of the network'),
  samples: z.int().min(1).default(1000).describe('at most so many samples, spread evenly; fewer where values are large'),
});

type Options = z.output<typeof options>;

/** Inputs and wanted values of a part are held in memory: as many samples as fit. */
const TABLE_NUMBERS = 1 << 27;

/** Values of the part that the original network has, too, in the same size. */
function comparable({ graph, channels }: Network, original: Graph, { cuts }: NetworkPart): ValueName[] {
  return cuts.filter((name) => {
    const shape = original.values.get(name)?.type.shape;
    if (!shape) return false;
    const kept = channels.get(name);
    return elementCount(kept ? [...shape.slice(0, -1), kept.length] : shape) === elementCount(valueOf(graph, name).type.shape);
  });
}

/** @returns the reason when the part stays as it is */
async function reconstruct(context: MethodContext, network: Network, part: NetworkPart, layers: readonly Layer[], chosen: Options) {
  const { graph } = network;
  const inside = new Set(part.nodes.flatMap(({ outputs }) => outputs));
  const read = new Set(part.nodes.flatMap(({ inputs }) => inputs));
  const given = [...read].filter((name) => !inside.has(name) && !valueOf(graph, name).constant);
  const wanted = comparable(network, context.original, part);
  if (wanted.at(-1) !== part.cuts.at(-1)) return 'the original network has no such value behind the block';
  const numbers = [...given, ...wanted].reduce((sum, name) => sum + elementCount(valueOf(graph, name).type.shape), 0);
  const indices = spreadIndices(context.samples.count, Math.min(chosen.samples, Math.max(1, Math.floor(TABLE_NUMBERS / numbers))));
  const data = {
    count: indices.length,
    given: await readValues(graph, given, context.samples, indices),
    wanted: await readValues(context.original, wanted, context.samples, indices, network.channels),
  };
  const { epochs, rate, outputWeight } = chosen;
  const batch = Math.min(chosen.batch, indices.length);
  const trainer = new PartTrainer(graph, part, layers, data, { epochs, rate, outputWeight, batch, seed: context.seed });
  const before = trainer.loss();
  await trainer.train();
  const after = trainer.loss();
  return after < before ? { before, after, graph: trainer.result() } : 'it answers no better';
}

/** The reason when a node of the part has no gradient. */
function reasonOf(error: unknown): string {
  if (error instanceof MissingGradientError) return error.message;
  throw error;
}

export const blockReconstruction = defineMethod({
  name: 'block-reconstruction',
  summary: 'moves the weights of a block together until it answers as the original did; zeros stay zeros',
  source: 'Li et al., "BRECQ", ICLR 2021; post-training.md 2.3',
  needs: 'samples',
  defaultLayers: ['*'],
  options,

  async apply(context, selected, chosen) {
    const names = new Set(selected.map(({ name }) => name));
    const outcomes: LayerOutcome[] = [];
    let { network } = context;
    for (const part of networkParts(network.graph, chosen.depth)) {
      const own = part.layers.filter((name) => names.has(name));
      if (own.length === 0) continue;
      context.progress(own.join(', '));
      const layers = own.map((name) => layerNamed(network.graph, name) as Layer);
      const result = await reconstruct(context, network, part, layers, chosen).catch(reasonOf);
      if (typeof result === 'string') {
        outcomes.push(...own.map((layer) => ({ layer, action: 'kept' as const, reason: result })));
        continue;
      }
      network = { ...network, graph: result.graph };
      const facts = { blockErrorBefore: result.before, blockError: result.after };
      outcomes.push(...own.map((layer) => ({ layer, action: 'refitted' as const, facts })));
    }
    return { network, layers: outcomes };
  },
});
