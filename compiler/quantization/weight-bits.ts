/**
 * How many bits the weights of a layer use inside their int8: the choice, for a whole model or by layers.
 *
 *     8     -127 … 127
 *     7.5   -127 … 127   four neighbours of one sign never exceed 128 together, so that relaxed SIMD runs on every engine (quad-fit.ts;
 *                        depthwise: window-fit.ts)
 *     7      -63 …  63   the same
 *     4       -7 …   7   half a byte each, where the weights are stored by their bytes (encoding/nibbles.ts)
 */
import { layersOf } from '../compression/layers.ts';
import { layersByPattern } from '../compression/select-layers.ts';
import type { Graph } from '../graph.ts';
import { hasWindows } from './window-fit.ts';

export const weightBitWidths = [4, 7, 7.5, 8] as const;
export type WeightBits = (typeof weightBitWidths)[number];

export const DEFAULT_WEIGHT_BITS: WeightBits = 8;
/** For the speed of relaxed SIMD, at the least cost. */
export const QUAD_WEIGHT_BITS: WeightBits = 7.5;

/** Whether the quads of such weights are made to fit; those of fewer bits always do. */
export function areQuadsFitted(bits: WeightBits): boolean {
  return bits === 7 || bits === QUAD_WEIGHT_BITS;
}

/** For every layer, or by pattern (compression/select-layers.ts): of the patterns that fit a layer the last one counts. */
export type WeightBitsChoice = WeightBits | Readonly<Record<string, WeightBits>>;

/** The largest weight: symmetric, so the lowest number is left out (TFLite quantization spec). */
export function largestWeight(bits: WeightBits): number {
  return 2 ** (Math.ceil(bits) - 1) - 1;
}

function isWeightBits(value: number): value is WeightBits {
  return (weightBitWidths as readonly number[]).includes(value);
}

/**
 * Reads `7`, or `4,@first=8,@last=8`: a number stands for all layers.
 * @returns undefined when the text is neither
 */
export function parseWeightBits(text: string): WeightBitsChoice | undefined {
  const choice: Record<string, WeightBits> = {};
  for (const part of text.split(',')) {
    const separator = part.lastIndexOf('=');
    const bits = Number(part.slice(separator + 1));
    const pattern = separator < 0 ? '*' : part.slice(0, separator);
    if (!isWeightBits(bits) || pattern === '') return undefined;
    // Once more, so that it counts as the last.
    delete choice[pattern];
    choice[pattern] = bits;
  }
  return choice;
}

/**
 * The layers whose weights have fewer bits than usual, by name.
 * @throws UsageError when a pattern names no layer.
 */
export function chosenWeightBits(graph: Graph, choice: WeightBitsChoice): Map<string, WeightBits> {
  const all = layersOf(graph);
  const bitsOf = layersByPattern(all, typeof choice === 'number' ? { '*': choice } : choice, 'weight bits');
  // Other depthwise kernels have no relaxed dot products.
  const isPlain = new Set(all.filter((layer) => layer.kind === 'depthwise' && !hasWindows(layer)).map(({ name }) => name));
  return new Map([...bitsOf].filter(([name, bits]) => bits !== DEFAULT_WEIGHT_BITS && !(bits === QUAD_WEIGHT_BITS && isPlain.has(name))));
}
