/** Stored values → real values, the same arithmetic on every host: float32((stored + offset) · scale). */

import { InputFileError } from '../errors.ts';
import { elementCount } from '../graph.ts';
import type { Preprocess } from '../packed/metadata.ts';
import type { SampleLayout } from './samples.ts';

function channelsOf({ shape, order }: SampleLayout): { channels: number; inner: number } {
  if (order === 'channels-last' || shape.length < 3) return { channels: shape.at(-1) ?? 1, inner: 1 };
  const sample = shape.length > 3 && shape[0] === 1 ? shape.slice(1) : shape;
  return { channels: sample[0] as number, inner: elementCount(sample.slice(1)) };
}

/**
 * @returns a function that applies `preprocess` to a sample of this layout.
 * @throws InputFileError when a list does not have one entry per channel.
 */
export function preprocessor(preprocess: Preprocess, layout: SampleLayout, source: string): (stored: ArrayLike<number>) => Float32Array {
  const { channels, inner } = channelsOf(layout);
  const spread = (value: number | readonly number[], name: string): number[] => {
    const list = typeof value === 'number' ? new Array<number>(channels).fill(value) : [...value];
    if (list.length !== channels)
      throw new InputFileError(
        `${source}: preprocess.${name} has ${list.length} entries, the samples have ${channels} channel(s); give one number, or one per channel`,
      );
    return list;
  };
  const offset = spread(preprocess.offset, 'offset');
  const scale = spread(preprocess.scale, 'scale');
  return (stored) => {
    const real = new Float32Array(stored.length);
    for (let i = 0; i < real.length; i++) {
      const channel = (inner === 1 ? i : Math.floor(i / inner)) % channels;
      real[i] = ((stored[i] as number) + (offset[channel] as number)) * (scale[channel] as number);
    }
    return real;
  };
}
