/** The one list of operators that have a gradient. */
import { Add } from '../ops/add.ts';
import { AveragePool } from '../ops/average-pool.ts';
import { Concat } from '../ops/concat.ts';
import { Conv2d } from '../ops/conv2d.ts';
import { Dense } from '../ops/dense.ts';
import { MaxPool } from '../ops/max-pool.ts';
import type { Op } from '../ops/op.ts';
import { Reduce } from '../ops/reduce.ts';
import { Reshape } from '../ops/reshape.ts';
import { addGradient } from './add.ts';
import { concatGradient } from './concat.ts';
import { conv2dGradient } from './conv2d.ts';
import type { GradientRule } from './gradient-rule.ts';
import { meanGradient } from './mean.ts';
import { averagePoolGradient, maxPoolGradient } from './pool.ts';
import { reshapeGradient } from './reshape.ts';

export const gradientRules: ReadonlyMap<Op, GradientRule> = new Map<Op, GradientRule>([
  [Conv2d, conv2dGradient],
  [Dense, conv2dGradient],
  [Add, addGradient],
  [Reduce, meanGradient],
  [AveragePool, averagePoolGradient],
  [MaxPool, maxPoolGradient],
  [Concat, concatGradient],
  [Reshape, reshapeGradient],
]);
