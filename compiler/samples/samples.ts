/** What every source of samples looks like to the rest of whittle. */
import { createHash } from 'node:crypto';
import type { Preprocess } from '../packed/metadata.ts';

/** An input of the model, in the shape that the ONNX file gives it. */
export interface ModelInput {
  readonly name: string;
  readonly shape: readonly number[];
}

/** How one sample of one input lies in its array. */
export interface SampleLayout {
  /** Extents of one sample; a batch extent of 1 may be left out. */
  readonly shape: readonly number[];
  /** `channels-last`: [H, W, C] or [W, C] whatever the model's order is. `model`: the order of the ONNX input. */
  readonly order: 'channels-last' | 'model';
}

export type Metric = 'top1' | 'agreement';

export interface Samples {
  /** Path that the user gave, for messages. */
  readonly source: string;
  readonly count: number;
  /** One per model input, in the model's order. */
  readonly layouts: readonly SampleLayout[];
  /**
   * Real values (preprocessing applied) of sample `index`, one array per model input, in `layouts`.
   * @throws InputFileError when the file of this sample is damaged.
   */
  sample(index: number): Float32Array[];
  /** Index of the expected output; absent when the samples have no labels. */
  readonly label?: (index: number) => number;
  /** Names by output index. */
  readonly classes?: readonly string[];
  /** `top1` where labels are known, else `agreement` with the float model. */
  readonly metric: Metric;
  /** How `sample` made real values from stored ones. */
  readonly preprocess: Preprocess;
  /** SHA-256 of everything the samples were made from, for provenance; computed when asked for. */
  readonly hash: () => string;
}

export const identityPreprocess: Preprocess = { offset: 0, scale: 1 };

/** SHA-256 in hex of the parts, one after the other. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** `limit` samples spread evenly over the set, in order: sets are often sorted by class, so the first ones would be one class. */
export function limitSamples(samples: Samples, limit: number | undefined): Samples {
  if (limit === undefined || limit >= samples.count) return samples;
  const indexOf = (index: number) => Math.floor((index * samples.count) / limit);
  const { label } = samples;
  return {
    ...samples,
    count: limit,
    sample: (index) => samples.sample(indexOf(index)),
    ...(label && { label: (index: number) => label(indexOf(index)) }),
  };
}

/** The same samples for readers that go side by side: the last `count` that were read are not read, or decoded, again. */
export function rememberSamples(samples: Samples, count: number): Samples {
  const last = new Map<number, Float32Array[]>();
  const sample = (index: number) => {
    const known = last.get(index);
    if (known) return known;
    const values = samples.sample(index);
    if (last.size === count) last.delete(last.keys().next().value as number);
    last.set(index, values);
    return values;
  };
  return { ...samples, sample };
}
