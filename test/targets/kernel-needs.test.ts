import { expect, test } from 'vitest';
import { Engine } from '../../compiler/engine.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { buildInspectedRuntime } from '../../targets/build-runtime.ts';
import { kernelNeeds } from '../../targets/kernel-needs.ts';
import { type ConvolutionCase, convolutionModel } from '../runtime-as/kernels/convolution-case.ts';

const matrix: ConvolutionCase = { x: [1, 1, 5, 18], outChannels: 8, kernel: [1, 1], largestWeight: 127 };
const dilated: ConvolutionCase = { ...matrix, x: [1, 7, 7, 4], kernel: [3, 3], dilation: [2, 2] };
const depthwise: ConvolutionCase = { ...matrix, x: [1, 5, 5, 8], groups: 8, kernel: [3, 3] };
const needsOf = (convolution: ConvolutionCase) => kernelNeeds(readPackedModel(convolutionModel(convolution)));

const fitting: ConvolutionCase = { ...matrix, largestWeight: 32 };

test('a plain convolution does without groups, dilation and the form that its weights do not ask for', () => {
  expect(needsOf(matrix).without).toEqual(['QUADS', 'ROWS', 'GROUPS', 'DILATION', 'WINDOWS']);
  expect(needsOf(fitting).without).toEqual(['PAIRS', 'ROWS', 'GROUPS', 'DILATION', 'WINDOWS']);
});

test('a model is read where it lies, also in the middle of a buffer', () => {
  const model = convolutionModel(fitting);
  const buffer = Buffer.concat([Buffer.alloc(1003), model]).subarray(1003);
  expect(kernelNeeds(readPackedModel(buffer)).without).toEqual(needsOf(fitting).without);
});

test.for([
  { part: 'GROUPS', convolution: { ...matrix, groups: 2 } },
  { part: 'DILATION', convolution: dilated },
  { part: 'ROWS', convolution: { ...matrix, x: [1, 1, 1, 1024], outChannels: 33 } },
  { part: 'WINDOWS', convolution: { ...depthwise, kernel: [5, 5] } },
  { part: 'WINDOWS', convolution: { ...depthwise, stride: [1, 3] } },
  { part: 'WINDOWS', convolution: { ...depthwise, dilation: [2, 2] } },
  { part: 'WINDOWS', convolution: { ...depthwise, x: [1, 5, 5, 7], outChannels: 7, groups: 7 } },
] as const)('$part where a layer has them', ({ part, convolution }) => {
  expect(needsOf(convolution).without).not.toContain(part);
});

test('a depthwise convolution has no groups in this sense', () => {
  expect(needsOf(depthwise).without).toContain('GROUPS');
});

test('depthwise 3x3 windows need no other kernel, and its build refuses others', async () => {
  const needs = needsOf({ ...depthwise, stride: [2, 2] });
  expect(needs.without).toContain('WINDOWS');
  const runtime = await WebAssembly.compile((await buildInspectedRuntime(needs, 'simd')) as BufferSource);
  await Engine.create(runtime, convolutionModel(depthwise));
  await expect(Engine.create(runtime, convolutionModel({ ...depthwise, kernel: [5, 5] }))).rejects.toThrow('needs a kernel that');
});

test('a build without a part is smaller, and refuses models that have it', async () => {
  const needs = needsOf(matrix);
  const plain = await buildInspectedRuntime(needs, 'simd');
  expect(plain.length).toBeLessThan((await buildInspectedRuntime({ opcodes: needs.opcodes }, 'simd')).length);
  const runtime = await WebAssembly.compile(plain as BufferSource);
  await Engine.create(runtime, convolutionModel(matrix));
  for (const other of [{ ...matrix, groups: 2 }, dilated])
    await expect(Engine.create(runtime, convolutionModel(other))).rejects.toThrow('step 0 needs a kernel that this runtime does not have');
});

test('single pixels run as four where the kernel of one row is not worth its bytes, to the same bits', async () => {
  const { opcodes } = needsOf(matrix);
  const builds = await Promise.all(
    (['ROWS', undefined] as const).map((part) => buildInspectedRuntime({ opcodes, without: part ? [part] : [] }, 'simd')),
  );
  expect(builds[0]?.length).toBeLessThan((builds[1]?.length as number) - 300);
  for (const [channels, outChannels] of [
    [19, 9],
    [64, 33],
  ] as const) {
    const model = convolutionModel({ ...matrix, x: [1, 1, 1, channels], outChannels });
    const outputs: Uint8Array[] = [];
    for (const build of builds) {
      const engine = await Engine.create(await WebAssembly.compile(build as BufferSource), model);
      engine.input(0, channels).set(Uint8Array.from({ length: channels }, (_, i) => (i * 67 + 5) & 255));
      engine.run();
      outputs.push(engine.output(0, outChannels).slice());
    }
    expect(new Set(outputs[0]).size).toBeGreaterThan(1);
    expect(outputs[0]).toEqual(outputs[1]);
  }
});

test.for(['PAIRS', 'QUADS'] as const)('only the relaxed build can do without %s', async (part) => {
  const { opcodes } = needsOf(matrix);
  const build = (variant: 'simd' | 'relaxed', without: readonly (typeof part)[]) => buildInspectedRuntime({ opcodes, without }, variant);
  expect(Buffer.compare(await build('simd', [part]), await build('simd', []))).toBe(0);
  expect((await build('relaxed', [part])).length).toBeLessThan((await build('relaxed', [])).length - 500);
});
