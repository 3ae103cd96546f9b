/**
 * SparseGPT (Frantar, Alistarh, ICML 2023; post-training.md 2.2): Optimal Brain Surgeon in one sweep over the columns, for
 * layers too wide to be taken apart weight by weight. Blocks of columns choose what goes by w² / U_jj², H⁻¹ = Uᵀ U, and the
 * columns that are still to come make up for it. What is left is fitted to the original's answers.
 */
import { z } from 'zod';
import { inverseFactor } from '../linalg/cholesky.ts';
import { keepInPattern, keepLargest } from './granularity.ts';
import { type GroupObjective, groupObjectives } from './group-objectives.ts';
import { layerByLayer } from './layer-by-layer.ts';
import { defineMethod } from './method.ts';
import { pruneToSupport, secondOrderOptions, secondOrderStatistics } from './second-order-pruning.ts';

const options = z.object({
  sparsity: z.number().min(0).max(1).default(0.5).describe('share of the weights of each layer that become zero'),
  pattern: z
    .string()
    .regex(/^[1-9]\d*:[1-9]\d*$/)
    .optional()
    .describe('instead of sparsity: "2:4" keeps two of every four neighbours'),
  scope: z.enum(['row', 'layer']).default('layer').describe('where the share counts: in each row, or in the layer'),
  block: z.int().min(1).default(128).describe('so many columns choose together what becomes zero'),
  ...secondOrderOptions,
});

type Options = z.output<typeof options>;
type Choice = Pick<Options, 'sparsity' | 'pattern' | 'scope' | 'block'>;

/** Which weights of a block stay; so many are gone when it is done that the share is met up to there. */
class BlockChooser {
  /** Zeros so far, for each unit in which the share counts: a row, or all of them. */
  private readonly gone: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly choice: Choice,
  ) {
    this.gone = new Int32Array(choice.scope === 'row' ? rows : 1);
  }

  /**
   * @param scores [rows, width]
   * @param end the block's last column + 1
   * @returns [rows, width]: 1 where a weight stays
   */
  keep(scores: Float64Array, width: number, end: number): Uint8Array {
    const { sparsity, pattern } = this.choice;
    if (pattern !== undefined) {
      const [n, m] = pattern.split(':').map(Number) as [number, number];
      return keepInPattern(scores, width, n, m);
    }
    const kept = new Uint8Array(scores.length);
    const size = scores.length / this.gone.length;
    const until = (this.rows / this.gone.length) * end;
    for (let unit = 0; unit < this.gone.length; unit++) {
      const wanted = Math.ceil(sparsity * until - 1e-9) - (this.gone[unit] as number);
      kept.set(keepLargest(scores.subarray(unit * size, (unit + 1) * size), wanted / size), unit * size);
      this.gone[unit] = (this.gone[unit] as number) + wanted;
    }
    return kept;
  }
}

/** @returns [rows, columns]: 1 where a weight stays, and the weights after the sweep. */
export function sweep({ hessian, optimum, isFree }: GroupObjective, choice: Choice): { support: Uint8Array; weights: Float64Array } {
  const { rows, columns } = optimum;
  const u = inverseFactor(hessian).data;
  const w = optimum.data.slice();
  const support = new Uint8Array(rows * columns);
  const chooser = new BlockChooser(rows, choice);
  // Whole patterns must lie in one block.
  const multiple = Number(choice.pattern?.split(':')[1] ?? 1);
  const block = Math.ceil(choice.block / multiple) * multiple;
  for (let first = 0; first < columns; first += block) {
    const width = Math.min(block, columns - first);
    const scores = new Float64Array(rows * width);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < width; i++) {
        const at = row * columns + first + i;
        const pivot = u[(first + i) * columns + first + i] as number;
        // What was zero before goes before everything else.
        scores[row * width + i] = isFree[at] ? ((w[at] as number) / pivot) ** 2 : -1;
      }
    const kept = chooser.keep(scores, width, first + width);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < width; i++) {
        const column = first + i;
        const at = row * columns + column;
        if (kept[row * width + i] && isFree[at]) {
          support[at] = 1;
          continue;
        }
        const error = (w[at] as number) / (u[column * columns + column] as number);
        for (let j = column; j < columns; j++)
          w[row * columns + j] = (w[row * columns + j] as number) - error * (u[column * columns + j] as number);
        w[at] = 0;
      }
  }
  return { support, weights: w };
}

export const sparseGpt = defineMethod({
  name: 'sparse-gpt',
  summary: 'the weights whose loss the columns behind them make up for become zero, in one sweep per layer; also in patterns such as 2:4',
  source: 'Frantar, Alistarh, ICML 2023; post-training.md 2.2',
  needs: 'samples',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,
  search: { target: 'layer', kind: 'zeros', settings: [{ sparsity: 0.3 }, { sparsity: 0.5 }, { sparsity: 0.7 }] },

  apply(context, layers, chosen) {
    return layerByLayer(context, layers, async (network, layer) => {
      const statistics = await secondOrderStatistics(context, network, layer, chosen.meanWeight);
      const support = new Uint8Array(layer.weights.length);
      for (const group of groupObjectives(layer, statistics, chosen.damping))
        support.set(sweep(group, chosen).support, group.firstRow * layer.columns);
      return pruneToSupport(network, layer, statistics, support, chosen.ridge);
    });
  },
});
