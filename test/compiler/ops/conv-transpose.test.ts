import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../../compiler/graph.ts';
import { ConvTranspose2d, type ConvTranspose2dAttributes } from '../../../compiler/ops/conv-transpose.ts';
import { type Attribute, importCase, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, randomTensor, variants } from './op-case.ts';

interface Case {
  readonly x: readonly number[];
  /** [C, O / groups, …kernel] */
  readonly w: readonly number[];
  readonly bias?: boolean;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

const cases: readonly (readonly [string, Case])[] = [
  ['plain', { x: [1, 3, 4, 5], w: [3, 7, 3, 3] }],
  ['bias, batch', { x: [2, 5, 3, 4], w: [5, 8, 2, 3], bias: true }],
  ['strides and pads', { x: [1, 4, 5, 5], w: [4, 9, 4, 3], bias: true, attributes: { strides: [2, 3], pads: [1, 0, 2, 1] } }],
  ['dilations', { x: [1, 2, 4, 3], w: [2, 4, 3, 2], attributes: { dilations: [2, 3], strides: [2, 1] } }],
  ['groups', { x: [1, 6, 4, 4], w: [6, 5, 3, 3], bias: true, attributes: { group: 3, strides: [2, 2] } }],
  ['depthwise', { x: [1, 16, 4, 4], w: [16, 1, 4, 4], attributes: { group: 16, strides: [2, 2], pads: [1, 1, 1, 1] } }],
  ['output_padding', { x: [1, 3, 4, 4], w: [3, 12, 3, 3], attributes: { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] } }],
  ['output_shape', { x: [1, 3, 3, 3], w: [3, 2, 3, 3], attributes: { strides: [3, 2], output_shape: [10, 8] } }],
  ['output_shape that cuts', { x: [1, 3, 3, 3], w: [3, 2, 3, 3], attributes: { strides: [2, 2], output_shape: [6, 4] } }],
  ['SAME_UPPER', { x: [1, 3, 3, 4], w: [3, 2, 3, 4], bias: true, attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' } }],
  ['SAME_LOWER', { x: [1, 3, 3, 4], w: [3, 2, 3, 4], attributes: { strides: [2, 2], auto_pad: 'SAME_LOWER' } }],
  ['kernel smaller than the stride', { x: [1, 2, 3, 3], w: [2, 3, 1, 2], bias: true, attributes: { strides: [3, 3] } }],
  ['1-D', { x: [2, 4, 6], w: [4, 17, 3], bias: true, attributes: { strides: [2], pads: [1, 0] } }],
];

describe('ConvTranspose', () => {
  test.for(cases)('%s: kernels equal ONNX Runtime, and scalar equals simd to the bit', async ([, { x, w, bias, attributes = {} }]) => {
    const input = randomTensor(x, 1);
    const outChannels = (w[1] as number) * ((attributes.group as number | undefined) ?? 1);
    const model = {
      nodes: [onnxNode('ConvTranspose', bias ? ['x', 'w', 'b'] : ['x', 'w'], 'y', attributes)],
      inputs: { x: toOnnxTensor(input) },
      constants: { w: toOnnxTensor(randomTensor(w, 2)), ...(bias && { b: toOnnxTensor(randomTensor([outChannels], 3)) }) },
      outputs: { y: 'float32' },
    } as const;
    const { y } = await runOnnxRuntime(model);
    const graph = importCase(model);
    const outputs = await Promise.all(variants.map(async (variant) => (await runWhittle(graph, [input.data], variant))[0] as Tensor));
    for (const output of outputs)
      expectClose(output, { type: { dtype: 'float32', shape: y?.shape ?? [] }, data: y?.data as Float32Array }, 1e-5);
    expect(outputs[1]?.data).toEqual(outputs[0]?.data);
  });

  test.for([1, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17])('%i channels and a clamp: kernels equal the reference', async (channels) => {
    const attributes: ConvTranspose2dAttributes = {
      kernel: [3, 2],
      stride: [2, 1],
      dilation: [1, 2],
      padBefore: [1, 0],
      output: [6, 5],
      groups: 1,
      clamp: [-0.5, 1],
    };
    const inputs = [randomTensor([1, 3, 3, channels], 1), randomTensor([channels, 3, 2, channels], 2), randomTensor([channels], 3)];
    await expectKernelsEqualReference({ op: ConvTranspose2d, attributes, inputs, constants: [1, 2] });
  });

  test('refuses 3-D with the shape', () => {
    const model = {
      nodes: [onnxNode('ConvTranspose', ['x', 'w'], 'y')],
      inputs: { x: toOnnxTensor(randomTensor([1, 1, 2, 2, 2], 1)) },
      constants: { w: toOnnxTensor(randomTensor([1, 1, 2, 2, 2], 2)) },
      outputs: { y: 'float32' },
    } as const;
    expect(() => importCase(model)).toThrow('input of rank 5 [1,1,2,2,2]');
  });
});
