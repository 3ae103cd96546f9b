import { describe, expect, it } from 'vitest';
import { InputFileError } from '../../../compiler/errors.ts';
import { modelInputsOf, onnxShapeOf, sampleReader, toOnnxOrder } from '../../../compiler/samples/layout.ts';
import type { SampleLayout, Samples } from '../../../compiler/samples/samples.ts';

const nchw = [0, 3, 1, 2];
const nhwc = [0, 2, 3, 1];

function samplesOf(...layouts: SampleLayout[]): Samples {
  return {
    source: 'samples',
    count: 1,
    layouts,
    sample: () => layouts.map(({ shape }) => Float32Array.from({ length: shape.reduce((p, e) => p * e, 1) }, (_, i) => i)),
    metric: 'agreement',
    preprocess: { offset: 0, scale: 1 },
    hash: () => '',
  };
}

function read(layout: SampleLayout, port: { shape: readonly number[]; permutation?: readonly number[] }): number[] {
  return [...(sampleReader(samplesOf(layout), [{ name: 'x', ...port }])(0)[0] as Float32Array)];
}

const channelsLast: SampleLayout = { shape: [1, 2, 3], order: 'channels-last' };
const model: SampleLayout = { shape: [3, 1, 2], order: 'model' };
const asStored = [0, 1, 2, 3, 4, 5];

describe('sampleReader', () => {
  it('uses channels-last data as they are where the port is channels-last', () => {
    expect(read(channelsLast, { shape: [1, 1, 2, 3], permutation: nhwc })).toEqual(asStored);
    expect(read(channelsLast, { shape: [1, 1, 2, 3] })).toEqual(asStored);
  });

  it('transposes channels-last data for a port in ONNX order', () => {
    expect(read(channelsLast, { shape: [1, 3, 1, 2] })).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('transposes data in ONNX order for a channels-last port, and keeps them for an ONNX port', () => {
    expect(read(model, { shape: [1, 1, 2, 3], permutation: nhwc })).toEqual([0, 2, 4, 1, 3, 5]);
    expect(read(model, { shape: [1, 3, 1, 2] })).toEqual(asStored);
    expect(read({ ...model, shape: [1, 3, 1, 2] }, { shape: [1, 3, 1, 2] })).toEqual(asStored);
  });

  it('believes the layout where both orders have the same shape', () => {
    const cube = [2, 2, 2];
    const port = { shape: [1, 2, 2, 2] };
    expect(read({ shape: cube, order: 'model' }, port)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(read({ shape: cube, order: 'channels-last' }, port)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  });

  it('follows any permutation', () => {
    // shape[i] = onnxShape[permutation[i]]: the ONNX shape is [1, 2, 3] -> memory [3, 1, 2]
    expect(onnxShapeOf({ name: 'x', shape: [3, 1, 2], permutation: [2, 0, 1] })).toEqual([1, 2, 3]);
    expect(read({ shape: [2, 3], order: 'model' }, { shape: [3, 1, 2], permutation: [2, 0, 1] })).toEqual([0, 3, 1, 4, 2, 5]);
    expect(read({ shape: [1, 2, 3], order: 'model' }, { shape: [1, 2, 3, 1].slice(0, 3) })).toEqual(asStored);
  });

  it('recognizes channels-last arrays that do not fit otherwise', () => {
    expect(read({ shape: [1, 2, 3], order: 'model' }, { shape: [1, 3, 1, 2] })).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('handles one spatial dimension', () => {
    expect(read({ shape: [3, 2], order: 'channels-last' }, { shape: [1, 2, 3] })).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it('fills flat inputs in stored order', () => {
    expect(read(channelsLast, { shape: [1, 6] })).toEqual(asStored);
  });

  it('refuses samples of another shape or number', () => {
    const port = { name: 'x', shape: [1, 4, 1, 2] };
    expect(() => sampleReader(samplesOf(channelsLast), [port])).toThrow(InputFileError);
    expect(() => sampleReader(samplesOf(channelsLast), [port])).toThrow(
      'samples: a sample is [1, 2, 3] (channels last), input "x" of the model is [1, 4, 1, 2]',
    );
    expect(() => sampleReader(samplesOf(model), [port, { ...port, name: 'z' }])).toThrow(
      'holds 1 array(s) per sample, the model has 2 inputs (x, z)',
    );
    expect(() => sampleReader(samplesOf(channelsLast), [{ name: 'x', shape: [1, 7] }])).toThrow(InputFileError);
  });

  it('lists the inputs as the ONNX file has them', () => {
    const permuted = { name: 'x', shape: [1, 4, 5, 3], permutation: nhwc };
    expect(modelInputsOf([permuted])).toEqual([{ name: 'x', shape: [1, 3, 4, 5] }]);
    expect(onnxShapeOf({ ...permuted, permutation: nchw })).toEqual([1, 5, 3, 4]);
  });
});

describe('toOnnxOrder', () => {
  it('undoes the permutation of a port', () => {
    const port = { name: 'y', shape: [1, 1, 2, 3], permutation: nhwc };
    expect([...toOnnxOrder(Float32Array.from(asStored), port)]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...toOnnxOrder(Float32Array.from(asStored), { name: 'y', shape: [6] })]).toEqual(asStored);
    const rotated = { name: 'y', shape: [3, 1, 2], permutation: [2, 0, 1] };
    const values = sampleReader(samplesOf({ shape: [2, 3], order: 'model' }), [rotated])(0)[0] as Float32Array;
    expect([...toOnnxOrder(values, rotated)]).toEqual(asStored);
  });
});
