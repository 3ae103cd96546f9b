import { expect, test } from 'vitest';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { buildInspectedRuntime } from '../../targets/build-runtime.ts';
import { kernelNeeds } from '../../targets/kernel-needs.ts';
import { convolutionModel } from '../runtime-as/kernels/convolution-case.ts';

const matrix = { x: [1, 1, 5, 19], outChannels: 9, kernel: [1, 1] } as const;
const needsOf = (largestWeight: number) => kernelNeeds(readPackedModel(convolutionModel({ ...matrix, largestWeight })));

test('quads where the weights of a layer fit', () => {
  expect(needsOf(32).quads).toBe(true);
  expect(needsOf(127).quads).toBe(false);
});

test('without quads only the relaxed build is another, and smaller', async () => {
  const [quads, none] = [needsOf(32), needsOf(127)];
  expect(Buffer.compare(await buildInspectedRuntime(none, 'simd'), await buildInspectedRuntime(quads, 'simd'))).toBe(0);
  expect((await buildInspectedRuntime(none, 'relaxed')).length).toBeLessThan((await buildInspectedRuntime(quads, 'relaxed')).length - 500);
});
