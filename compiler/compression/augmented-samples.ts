/**
 * More samples of the same distribution from few photographs: mirrored and shifted variants (Krizhevsky, Sutskever, Hinton,
 * "ImageNet classification with deep convolutional neural networks", NIPS 2012, 4.1). Without labels a variant needs no
 * label either: the original network says what it should answer. What is fitted to all variants knows less of the single
 * photographs by heart.
 */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { type Graph, type TypedArray, valueOf } from '../graph.ts';
import { uniformRandom } from '../linalg/random.ts';
import type { SampleSet } from './values.ts';

export const augmentSchema = z
  .strictObject({
    copies: z.int().min(2).default(8).describe('samples that each one becomes: itself and its variants'),
    mirror: z.boolean().default(true).describe('half of the variants have left and right exchanged'),
    shift: z.int().min(0).default(4).describe('variants move by up to so many pixels each way; the pixels at the edge are repeated'),
  })
  .describe('variants of the samples that the steps see beside them; for images only');

export type Augmentation = z.output<typeof augmentSchema>;

interface Variant {
  readonly mirrored: boolean;
  /** Where pixel (0, 0) comes from. */
  readonly top: number;
  readonly left: number;
}

type Shape = readonly [batch: 1, height: number, width: number, channels: number];

/** @returns shapes of the graph's inputs */
function imageShapes(graph: Graph): Shape[] {
  return graph.inputs.map(({ name, value }) => {
    const { shape } = valueOf(graph, value).type;
    if (shape.length !== 4 || shape[0] !== 1 || (shape[1] as number) * (shape[2] as number) === 1)
      throw new UsageError(
        `augment: input "${name}" of shape [${shape.join(', ')}] is no image [1, height, width, channels]; leave "augment" out of the recipe`,
      );
    return shape as unknown as Shape;
  });
}

function clamped(index: number, extent: number): number {
  return Math.min(extent - 1, Math.max(0, index));
}

function variantOf(image: TypedArray, [, height, width, channels]: Shape, { mirrored, top, left }: Variant): TypedArray {
  const result = image.slice();
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const column = clamped(left + x, width);
      const from = (clamped(top + y, height) * width + (mirrored ? width - 1 - column : column)) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = image[from + c] as number;
    }
  return result;
}

/**
 * Every sample followed by its variants, the same for the same seed; without labels.
 * @throws UsageError when an input of the graph is no image.
 */
export function augmentedSamples(samples: SampleSet, graph: Graph, { copies, mirror, shift }: Augmentation, seed: number): SampleSet {
  const shapes = imageShapes(graph);
  return {
    count: copies * samples.count,
    at(index) {
      const sample = samples.at(Math.floor(index / copies));
      if (index % copies === 0) return sample;
      // A generator of its own for each variant: they may be read in any order. Seeds far apart start far apart.
      const random = uniformRandom(Math.imul(index + 1, 0x9e3779b1) ^ seed);
      const move = () => Math.floor(random() * (2 * shift + 1)) - shift;
      const variant = { mirrored: mirror && random() < 0.5, top: move(), left: move() };
      return sample.map((image, port) => variantOf(image as TypedArray, shapes[port] as Shape, variant));
    },
  };
}
