/**
 * Winograd's minimal filtering against the direct convolution, layer by layer and in turns, in this Node; and what
 * compiler/plan/winograd.ts decides:
 *
 *     npm run bench:winograd
 *
 * VARIANTS=simd takes one variant; relaxed dot products need a Node that has them, and run in fours with AVX-VNNI, in quads with
 * `node --no-enable-avx-vnni dist/bench/winograd.js`.
 */
import { Engine } from '../../compiler/engine.ts';
import type { ExecutionPlan } from '../../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import { webVariants } from '../../targets/web-package.ts';
import { type Layer, measure, modelOf } from './layer-model.ts';

const ROUNDS = 30;
const TURN_MS = 8;
const WINOGRAD = format.TENSOR_FITS_WINOGRAD | format.TENSOR_FITS_WINOGRAD_BEST;

/** Side of the image, input and output channels. */
const shapes = [
  [112, 3, 16],
  [56, 8, 8],
  [56, 8, 16],
  [56, 16, 8],
  [56, 16, 64],
  [56, 32, 32],
  [56, 64, 64],
  [32, 16, 16],
  [28, 11, 13],
  [28, 32, 128],
  [28, 128, 128],
  [20, 96, 96],
  [16, 32, 32],
  [14, 16, 16],
  [14, 48, 192],
  [14, 64, 256],
  [14, 256, 256],
  [13, 64, 64],
  [12, 16, 32],
  [10, 32, 32],
  [8, 64, 64],
  [7, 64, 64],
  [7, 128, 128],
  [6, 64, 64],
  [5, 64, 64],
  [4, 64, 64],
] as const;

/** Every convolution by it, or none. */
function withPromises(change: (promises: number) => number): (plan: ExecutionPlan) => ExecutionPlan {
  return (plan) => ({
    ...plan,
    tensors: plan.tensors.map((tensor) => (tensor.promises ? { ...tensor, promises: change(tensor.promises) } : tensor)),
  });
}

function decisionOf(layer: Layer): string {
  let promises = 0;
  modelOf(layer, 'int8', (plan: ExecutionPlan) => {
    promises = plan.tensors.reduce((bits, tensor) => bits | (tensor.promises ?? 0), 0);
    return plan;
  });
  if (!(promises & format.TENSOR_FITS_WINOGRAD)) return 'direct';
  return promises & format.TENSOR_FITS_WINOGRAD_BEST ? 'filtered' : 'filtered, direct in fours';
}

const variants = (process.env.VARIANTS?.split(',') ?? webVariants.slice(webVariants.indexOf(bestVariant(true)))) as Variant[];
for (const variant of variants.filter((name) => name !== 'scalar')) {
  const runtime = await fullRuntime(variant);
  for (const [side, channels, outChannels] of shapes) {
    const layer: Layer = { name: `${side}x${side} ${channels}-${outChannels}`, x: [1, side, side, channels], outChannels, kernel: 3 };
    const filtered = await Engine.create(
      runtime,
      modelOf(
        layer,
        'int8',
        withPromises((bits) => bits | WINOGRAD),
      ).bytes,
    );
    const direct = await Engine.create(
      runtime,
      modelOf(
        layer,
        'int8',
        withPromises((bits) => bits & ~WINOGRAD),
      ).bytes,
    );
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, engine] of [filtered, direct].entries()) best[i] = Math.min(best[i] as number, measure(engine, TURN_MS).best);
    const [us, directUs] = best.map((value) => value.toFixed(1).padStart(7));
    console.log(
      `${variant.padEnd(8)} ${layer.name.padEnd(14)} filtered ${us}, direct ${directUs} us, ${(best[1] / best[0]).toFixed(2)}x · ${decisionOf(layer)}`,
    );
  }
}
