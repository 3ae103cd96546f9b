/** What wraps samples. */
import { expect, test } from 'vitest';
import { identityPreprocess, rememberSamples, type Samples } from '../../../compiler/samples/samples.ts';

test('two readers side by side read each sample once, as long as they are no further apart than what is remembered', () => {
  const reads: number[] = [];
  const samples: Samples = {
    source: 'here',
    count: 5,
    layouts: [{ shape: [1], order: 'model' }],
    sample(index) {
      reads.push(index);
      return [Float32Array.of(index)];
    },
    metric: 'agreement',
    preprocess: identityPreprocess,
    hash: () => '',
  };
  const remembered = rememberSamples(samples, 2);
  for (const first of [0, 2, 4])
    for (const _reader of [1, 2])
      for (let index = first; index < Math.min(first + 2, 5); index++) expect(remembered.sample(index)).toEqual([Float32Array.of(index)]);
  expect(reads).toEqual([0, 1, 2, 3, 4]);
  remembered.sample(0);
  expect(reads).toEqual([0, 1, 2, 3, 4, 0]);
});
