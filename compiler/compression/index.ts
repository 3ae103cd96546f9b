/** The one list of compression methods. */
import { absorbHighBiases } from './absorb-high-biases.ts';
import { blockReconstruction } from './block-reconstruction.ts';
import { channelPruningLasso } from './channel-pruning-lasso.ts';
import { cpFactors } from './cp-factors.ts';
import { crossLayerEqualization } from './cross-layer-equalization.ts';
import { depthwiseFactors } from './depthwise-factors.ts';
import { fixedPointWeights } from './fixed-point-weights.ts';
import { flattenedFactors } from './flattened-factors.ts';
import { int4Groups } from './int4-groups.ts';
import { kMeansCodebook } from './k-means-codebook.ts';
import { linearNeuralReconstruction } from './linear-neural-reconstruction.ts';
import { lowRank } from './low-rank.ts';
import { unifiedDecomposition } from './low-rank-plus-channels.ts';
import { lowRankPlusSparse } from './low-rank-plus-sparse.ts';
import { magnitudePruning } from './magnitude-pruning.ts';
import { mergeDuplicateChannels } from './merge-duplicate-channels.ts';
import type { CompressionMethod } from './method.ts';
import { optimalBrainSurgeon } from './optimal-brain-surgeon.ts';
import { pruneByImportance } from './prune-by-importance.ts';
import { pruneFilters } from './prune-filters.ts';
import { refitMethod } from './refit-layers.ts';
import { removeConstantChannels } from './remove-constant-channels.ts';
import { removeDeadChannels } from './remove-dead-channels.ts';
import { removeRareChannels } from './remove-rare-channels.ts';
import { softLowRank } from './soft-low-rank.ts';
import { sparseGpt } from './sparse-gpt.ts';
import { spatialFactorization } from './spatial-factors.ts';
import { tensorTrainFactors } from './tensor-train-factors.ts';
import { tuckerFactors } from './tucker-factors.ts';

/** In the order in which recipes use them (methods.md 19). */
export const methods: readonly CompressionMethod[] = [
  removeDeadChannels,
  removeConstantChannels,
  mergeDuplicateChannels,
  removeRareChannels,
  pruneFilters,
  pruneByImportance,
  channelPruningLasso,
  linearNeuralReconstruction,
  lowRank,
  softLowRank,
  lowRankPlusSparse,
  unifiedDecomposition,
  spatialFactorization,
  tuckerFactors,
  cpFactors,
  depthwiseFactors,
  flattenedFactors,
  tensorTrainFactors,
  refitMethod,
  magnitudePruning,
  optimalBrainSurgeon,
  sparseGpt,
  blockReconstruction,
  crossLayerEqualization,
  absorbHighBiases,
  fixedPointWeights,
  kMeansCodebook,
  int4Groups,
];

export function methodNamed(name: string): CompressionMethod | undefined {
  return methods.find((method) => method.name === name);
}
