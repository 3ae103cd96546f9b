/** Parts of networks, and what moving their weights together gives. */
import { describe, expect, test } from 'vitest';
import { blockReconstruction } from '../../../compiler/compression/block-reconstruction.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { magnitudePruning } from '../../../compiler/compression/magnitude-pruning.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import type { CompressionMethod, MethodContext } from '../../../compiler/compression/method.ts';
import { networkParts } from '../../../compiler/compression/network-parts.ts';
import { refitMethod } from '../../../compiler/compression/refit-layers.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { Softmax } from '../../../compiler/ops/softmax.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { contextOf, randomSamples } from './network-case.ts';

const relu = { clamp: [0, Infinity] } as const;
const spatial = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

/** first → block of two with a skip → last → Softmax. */
function residual(): Graph {
  return buildGraph({ x: [1, 6, 6, 3] }, (g) => {
    const first = addConv(g, 'x', 'first', 8, { ...spatial, ...relu });
    const inner = addConv(g, first, 'inner', 8, { ...spatial, ...relu });
    const sum = g.addOne(Add, [addConv(g, inner, 'outer', 8, spatial), first], relu, { output: 'sum', name: 'sum' });
    return [g.addOne(Softmax, [addConv(g, sum, 'last', 5)], { axis: 3 })];
  });
}

describe('parts', () => {
  const parts = (depth: number) => networkParts(residual(), depth).map(({ layers, cuts }) => ({ layers, cuts }));

  test('end where one value carries everything', () => {
    expect(parts(1)).toEqual([
      { layers: ['first'], cuts: ['first'] },
      { layers: ['inner', 'outer'], cuts: ['sum'] },
      { layers: ['last'], cuts: ['last'] },
    ]);
  });

  test('have so many layers at least; a rest joins the part before', () => {
    expect(parts(2)).toEqual([{ layers: ['first', 'inner', 'outer', 'last'], cuts: ['first', 'sum', 'last'] }]);
    expect(parts(100)).toEqual(parts(2));
  });
});

describe('reconstruction', () => {
  const graph = residual();
  const samples = randomSamples(graph, 96);
  const run = async (context: MethodContext, method: CompressionMethod, options: Record<string, unknown> = {}) =>
    method.apply(context, layersOf(context.network.graph), method.options.parse(options));
  const apply = async (network: MethodContext['network'], method: CompressionMethod, options: Record<string, unknown> = {}) =>
    run({ ...contextOf(graph, samples), network }, method, options);
  const pruned = async () => (await run(contextOf(graph, samples), magnitudePruning, { sparsity: 0.5 })).network;
  const options = { depth: 100, epochs: 30 };

  test('answers better than least squares layer by layer, on samples that it has not seen, too', async () => {
    const network = (await apply(await pruned(), refitMethod)).network;
    const { network: reconstructed, layers } = await apply(network, blockReconstruction, options);
    expect(layers.map(({ action }) => action)).toEqual(['refitted', 'refitted', 'refitted', 'refitted']);
    const referee = await Referee.create(graph, randomSamples(graph, 40, 7000));
    const [before, then] = [await referee.measure(network.graph), await referee.measure(reconstructed.graph)];
    expect(then.outputError).toBeLessThan(before.outputError);
  });

  test('what counts more is answered better: the outputs of the network beside the values inside the block', async () => {
    const network = await pruned();
    const referee = await Referee.create(graph, samples);
    const error = async (outputWeight: number) => {
      const reconstructed = await apply(network, blockReconstruction, { ...options, outputWeight });
      return (await referee.measure(reconstructed.network.graph)).outputError;
    };
    expect(await error(100)).toBeLessThan(await error(0.01));
  });

  test('zeros stay zeros, and the same seed gives the same weights', async () => {
    const network = await pruned();
    const runs = [await apply(network, blockReconstruction, options), await apply(network, blockReconstruction, options)];
    const [a, b] = runs.map((result) => layersOf(result.network.graph).map(({ weights }) => weights));
    expect(a).toEqual(b);
    layersOf(network.graph).forEach(({ weights }, i) => {
      weights.forEach((weight, k) => {
        if (weight === 0) expect(a?.[i]?.[k]).toBe(0);
      });
    });
  });

  test('a layer that was not asked for stays as it is', async () => {
    const network = await pruned();
    const context = { ...contextOf(graph, samples), network };
    const wanted = layersOf(network.graph).filter(({ name }) => name === 'outer');
    const result = await blockReconstruction.apply(context, wanted, blockReconstruction.options.parse(options));
    const changed = layersOf(result.network.graph).filter(({ weights }, i) => weights !== layersOf(network.graph)[i]?.weights);
    expect(changed.map(({ name }) => name)).toEqual(['outer']);
  });

  test('a block with an operator that has no gradient stays as it is, and says why', async () => {
    const foreign = buildGraph({ x: [1, 4, 4, 2] }, (g) => {
      const inner = g.addOne(Unary, [addConv(g, 'x', 'first', 4)], { function: 'Tanh', alpha: 0, beta: 0 }, { name: 'tanh' });
      return [addConv(g, inner, 'second', 3)];
    });
    const { layers } = await run(contextOf(foreign, randomSamples(foreign, 8)), blockReconstruction);
    expect(layers).toEqual(
      ['first', 'second'].map((layer) => ({ layer, action: 'kept', reason: expect.stringContaining('"tanh" has no gradient') })),
    );
  });
});
