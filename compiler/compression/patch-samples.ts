/**
 * Patches of a layer's input with what the original answered there: for methods that see the activation, for which R and
 * G (statistics.ts) are not enough.
 */
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { uniformRandom } from '../linalg/random.ts';
import { type Layer, layerComputing } from './layers.ts';
import type { MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { patchWriter, responses } from './patches.ts';
import { spreadIndices, ValueReader } from './values.ts';

export interface PatchSamples {
  /** x in the network as it is now: [count, columns]. */
  readonly inputs: Matrix;
  /** What the layer of the original answered, before its activation: [count, outputs]. */
  readonly targets: Matrix;
}

/** Samples that are read; positions are spread over them. */
const SAMPLES = 256;

/** @param layer of `network`, in one group  @param count about so many patches, at random positions */
export async function gatherPatches(context: MethodContext, network: Network, layer: Layer, count: number): Promise<PatchSamples> {
  const { original, samples, seed } = context;
  const indices = spreadIndices(samples.count, SAMPLES);
  const counterpart = original === network.graph ? undefined : layerComputing(original, layer.output);
  const rows = counterpart && network.channels.get(layer.output);
  const isSameSize = counterpart?.positions === layer.positions && (rows?.length ?? counterpart.outputs) === layer.outputs;
  const answering = isSameSize && counterpart ? counterpart : layer;
  const answeringGraph = answering === layer ? network.graph : original;
  const perSample = Math.min(layer.positions, Math.max(1, Math.ceil(count / indices.length)));
  const total = perSample * indices.length;
  const inputs = matrix(total, layer.columns);
  const asked = answering === layer ? inputs : matrix(total, answering.columns);
  const readers = [
    await ValueReader.create(network.graph, [layer.input], samples, indices),
    await ValueReader.create(answeringGraph, [answering.input], samples, indices),
  ] as const;
  const [write, writeAsked] = [patchWriter(network.graph, layer), patchWriter(answeringGraph, answering)];
  const random = uniformRandom(seed);
  let at = 0;
  for (const index of indices) {
    const [current, first] = [readers[0].read(index).get(layer.input), readers[1].read(index).get(answering.input)];
    for (let i = 0; i < perSample; i++) {
      // One position out of each of `perSample` equal stretches.
      const position = Math.floor(((i + random()) * layer.positions) / perSample);
      write(current as ArrayLike<number>, position, inputs.data, at * layer.columns);
      if (asked !== inputs) writeAsked(first as ArrayLike<number>, position, asked.data, at * answering.columns);
      at++;
    }
  }
  const targets = responses(answering, asked.data, total, answering === layer ? undefined : rows);
  return { inputs, targets: matrix(total, layer.outputs, targets) };
}
