/**
 * Linear Neural Reconstruction (Robin 2019; methods.md 15): what a layer answers linearly, W x, is reconstructed from few
 * of its inputs, min ½ E‖W x - M x‖² + λ ‖M‖₂,₁ by FISTA (group-sparse.ts). A column of zeros is a channel that is not
 * needed; for a convolution and behind a Flatten a group is all columns of a channel. The norm also shrinks what it keeps:
 * the weights of the channels that stay are then fitted by least squares (debiasing).
 */
import { z } from 'zod';
import { lipschitzConstant, withPrincipalRows } from '../linalg/fista.ts';
import { largestLambda, solveGroupSparse } from '../linalg/group-sparse.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { selectChannels, selectionOptions } from './channel-selection.ts';
import type { PreparedProblem } from './lambda-path.ts';
import { defineMethod } from './method.ts';
import type { ReaderProblem } from './reader-problem.ts';

const options = z.object({
  ...selectionOptions,
  standardize: z.boolean().default(true).describe('weigh a column by the spread of its input'),
});

/** Directions of the answers with less than this share of their energy have no say in the choice. */
const ANSWER_ENERGY = 1e-7;

function prepare(problem: ReaderProblem): PreparedProblem {
  const compact = { ...problem, terms: withPrincipalRows(problem.terms, ANSWER_ENERGY) };
  const lipschitz = lipschitzConstant(compact.terms);
  let start: readonly Matrix[] | undefined;
  return {
    groups: problem.groups,
    largestLambda: largestLambda(compact),
    solve(lambda) {
      const solution = solveGroupSparse(compact, lambda, { ...(start && { start }) }, lipschitz);
      start = solution.factors;
      return solution.norms;
    },
  };
}

export const linearNeuralReconstruction = defineMethod({
  name: 'linear-neural-reconstruction',
  summary: 'channels from which the layers behind can be reconstructed linearly stay (ℓ2,1 norm), and those layers are refitted',
  source: 'Linear Neural Reconstruction: Robin 2019; methods.md 15',
  needs: 'samples',
  defaultLayers: ['*', '!@last'],
  options,
  search: { target: 'channels', kind: 'width', settings: [0.9, 0.8, 0.65, 0.5].map((keep) => ({ target: { keep } })) },

  apply(context, layers, chosen) {
    return selectChannels(context, layers, chosen, prepare);
  },
});
