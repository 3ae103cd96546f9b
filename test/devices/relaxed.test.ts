/** Relaxed dot products of a real engine: the same bytes as the scalar kernels in Node. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../compiler/errors.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { readRecords } from '../../compiler/packed/records.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { fitsRelaxed } from '../../targets/kernel-needs.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import { randomIntegers } from '../damage.ts';
import { int8Model } from '../int8-model.ts';
import { requireTool } from '../require-tool.ts';
import { type ConvolutionCase, convolutionModel } from '../runtime-as/kernels/convolution-case.ts';

const padded = { padBefore: [1, 1], padAfter: [1, 1] } as const;
const convolutions: readonly ConvolutionCase[] = [
  { x: [1, 3, 3, 35], outChannels: 18, kernel: [1, 1] },
  { x: [1, 1, 1, 130], outChannels: 11, kernel: [1, 1] },
  { x: [1, 6, 7, 16], outChannels: 12, kernel: [3, 3], ...padded },
  { x: [1, 9, 9, 3], outChannels: 8, kernel: [3, 3], stride: [2, 2], ...padded },
  { x: [1, 7, 9, 20], outChannels: 20, groups: 20, kernel: [3, 3], ...padded },
  { x: [1, 9, 9, 12], outChannels: 12, groups: 12, kernel: [5, 5], stride: [2, 2] },
  { x: [1, 1, 30, 9], outChannels: 9, groups: 9, kernel: [1, 7] },
  { x: [1, 30, 1, 9], outChannels: 9, groups: 9, kernel: [7, 1] },
];

/** What may be chosen for weights that do not fit: where sums saturate, plain SIMD. */
const saturating = ['relaxed', 'simd'];

/** Random bytes, and every element at one end of its range. */
function inputsOf(model: Uint8Array): Uint8Array[] {
  const { inputs, tensors } = readRecords(readPackedModel(model));
  const length = inputs.reduce((sum, tensor) => sum + (tensors[tensor]?.bytes ?? 0), 0);
  const random = randomIntegers(5);
  return [() => random(256), () => 0x80, () => 0x7f].map((value) => Uint8Array.from({ length }, value));
}

async function models(): Promise<Map<string, Uint8Array>> {
  const cases = convolutions.flatMap((convolution) => [127, 64].map((largestWeight) => ({ ...convolution, largestWeight })));
  return new Map([['network', await int8Model()], ...cases.map((one) => [JSON.stringify(one), convolutionModel(one)] as const)]);
}

describe('Chromium', () => {
  if (!requireTool('chromium')) return;
  let chromium: Device;
  let node: Device;
  beforeAll(async () => {
    chromium = await openDevice('chromium');
    node = await openDevice('node');
  });
  afterAll(() => Promise.all([chromium?.close(), node?.close()]));

  test('runs the relaxed build by itself where the weights fit, and gives the bytes of the scalar one for any', async () => {
    for (const [name, model] of await models()) {
      const inputs = inputsOf(model);
      await node.deploy({ model, variant: 'scalar', kernels: 'all' });
      const { variant } = await chromium.deploy({ model, kernels: 'all' });
      expect(variant, name).toBeOneOf(fitsRelaxed(readPackedModel(model)) ? ['relaxed'] : saturating);
      if (variant !== 'relaxed') await chromium.deploy({ model, kernels: 'all', variant: 'relaxed' });
      expect(await chromium.infer(inputs), name).toEqual(await node.infer(inputs));
    }
  });

  test('gives the same bytes with the kernels of one model, whose weights fit the form of quads or do not', async () => {
    for (const largestWeight of [127, 32]) {
      const model = convolutionModel({ x: [1, 3, 3, 35], outChannels: 18, kernel: [1, 1], largestWeight });
      const inputs = inputsOf(model);
      await node.deploy({ model, variant: 'scalar', kernels: 'all' });
      expect((await chromium.deploy({ model })).variant).toBeOneOf(largestWeight === 32 ? ['relaxed'] : saturating);
      expect(await chromium.infer(inputs)).toEqual(await node.infer(inputs));
    }
  });

  test('runs the plain builds when told to', async () => {
    const model = await int8Model();
    const inputs = inputsOf(model);
    await node.deploy({ model, variant: 'scalar', kernels: 'all' });
    for (const variant of ['simd', 'scalar'] as const) {
      expect((await chromium.deploy({ model, kernels: 'all', variant })).variant).toBe(variant);
      expect(await chromium.infer(inputs)).toEqual(await node.infer(inputs));
    }
  });
});

test('an engine without them says so: Node 20 never gets a relaxed build', async () => {
  const node = await openDevice('node');
  const model = await int8Model();
  const deployed = node.deploy({ model, variant: 'relaxed', kernels: 'all' });
  if (bestVariant(true) === 'relaxed') {
    expect((await deployed).variant).toBe('relaxed');
  } else {
    await expect(deployed).rejects.toThrow(UsageError);
    await expect(deployed).rejects.toThrow(/^--variant relaxed: Node v\d+.* has no relaxed SIMD .*; use --variant simd, or another device/);
  }
});
