/**
 * Channel pruning (He, Zhang, Sun, ICCV 2017; methods.md 14): min over β of 1/(2N) ‖Y - Σ βᵢ Xᵢ Wᵢᵀ‖² + λ ‖β‖₁ chooses the
 * channels (βᵢ = 0: channel i goes), then least squares fits the layers that read those that stay. From the first layer to
 * the last, on the inputs of the pruned network and the answers of the original one.
 *
 * The responses of single channels Zᵢ = Xᵢ Wᵢᵀ are never built: ⟨Zᵢ, Zⱼ⟩ = Σ over columns p of i, q of j of R_pq (Wᵀ W)_pq
 * and ⟨Zᵢ, Y⟩ = Σ over columns p of i of (Gᵀ W)_pp.
 */
import { z } from 'zod';
import { lasso } from '../linalg/lasso.ts';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { transposedMultiply } from '../linalg/multiply.ts';
import { selectChannels, selectionOptions } from './channel-selection.ts';
import type { PreparedProblem } from './lambda-path.ts';
import { defineMethod } from './method.ts';
import type { ReaderProblem } from './reader-problem.ts';

const options = z.object({
  ...selectionOptions,
  chaining: selectionOptions.chaining.default('top-down'),
});

/** Γᵢⱼ = ⟨Zᵢ, Zⱼ⟩ and bᵢ = ⟨Zᵢ, Y⟩, over all layers that read the channels. */
export function channelResponses({ terms, groups }: ReaderProblem): { gram: Matrix; linear: Float64Array } {
  const gram = matrix(groups, groups);
  const linear = new Float64Array(groups);
  for (const { correlation, cross, weights, groupOf } of terms) {
    const products = transposedMultiply(weights, weights);
    const { columns } = weights;
    products.data.forEach((value, i) => {
      const q = i % columns;
      const at = (groupOf[(i - q) / columns] as number) * groups + (groupOf[q] as number);
      gram.data[at] = (gram.data[at] as number) + value * (correlation.data[i] as number);
    });
    weights.data.forEach((value, i) => {
      const group = groupOf[i % columns] as number;
      linear[group] = (linear[group] as number) + value * (cross.data[i] as number);
    });
  }
  return { gram, linear };
}

function prepare(problem: ReaderProblem): PreparedProblem {
  const { gram, linear } = channelResponses(problem);
  let start: Float64Array | undefined;
  return {
    groups: problem.groups,
    largestLambda: linear.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
    solve(lambda) {
      start = lasso(gram, linear, lambda, { ...(start && { start }) });
      return start.map(Math.abs);
    },
  };
}

export const channelPruningLasso = defineMethod({
  name: 'channel-pruning-lasso',
  summary: 'channels whose responses sum up to the answers of the layers behind stay (LASSO), and those layers are refitted',
  source: 'He, Zhang, Sun, ICCV 2017; methods.md 14',
  needs: 'samples',
  defaultLayers: ['*', '!@last'],
  options,
  search: { target: 'channels', kind: 'width', settings: [0.9, 0.8, 0.65, 0.5].map((keep) => ({ target: { keep } })) },

  apply(context, layers, chosen) {
    return selectChannels(context, layers, { ...chosen, standardize: false }, prepare);
  },
});
