/** A small classifier and samples for it, made from random numbers: image [1, 3, 4, 4] → Conv → Relu → Gemm → scores [1, 3]. */

import { encodeOnnx, type OnnxModel, onnxNode, runOnnxRuntime } from '../ops/onnx-case.ts';
import { randomTensor } from '../ops/op-case.ts';
import type { Scratch } from '../samples/scratch.ts';

export const sampleCount = 12;

function random(shape: readonly number[], seed: number) {
  return { type: 'float32' as const, shape, data: randomTensor(shape, seed).data };
}

const model: OnnxModel = {
  nodes: [
    onnxNode('Conv', ['image', 'w1', 'b1'], 'conv', { pads: [1, 1, 1, 1] }),
    onnxNode('Relu', ['conv'], 'relu'),
    onnxNode('Flatten', ['relu'], 'flat'),
    onnxNode('Gemm', ['flat', 'w2', 'b2'], 'scores', { transB: 1 }),
  ],
  inputs: { image: { type: 'float32', shape: [1, 3, 4, 4], data: [] } },
  constants: { w1: random([5, 3, 3, 3], 1), b1: random([5], 2), w2: random([3, 80], 3), b2: random([3], 4) },
  outputs: { scores: 'float32' },
};

const pixels = Uint8Array.from(randomTensor([sampleCount, 4, 4, 3], 5, 0, 256).data, Math.floor);
const offset = -128;
const scale = 1 / 64;

/** Sample `index` as the ONNX model takes it. */
export function channelsFirst(index: number): number[] {
  const values: number[] = [];
  for (let c = 0; c < 3; c++) for (let i = 0; i < 16; i++) values.push(((pixels[(index * 16 + i) * 3 + c] as number) + offset) * scale);
  return values;
}

/** The scores that ONNX Runtime computes for each sample. */
export async function referenceScores(): Promise<number[][]> {
  const scores: number[][] = [];
  for (let i = 0; i < sampleCount; i++) {
    const image = { type: 'float32' as const, shape: [1, 3, 4, 4], data: channelsFirst(i) };
    scores.push(Array.from((await runOnnxRuntime({ ...model, inputs: { image } })).scores?.data as Float32Array));
  }
  return scores;
}

export interface TinyModel {
  readonly onnx: string;
  readonly samples: string;
  readonly unlabelled: string;
}

/** Writes the model and its samples; the labels are what the float model answers, the first two excepted. */
export async function writeTinyModel(scratch: Scratch): Promise<TinyModel> {
  const classes = (await referenceScores()).map((scores) => scores.indexOf(Math.max(...scores)));
  const labels = classes.map((index, i) => (i < 2 ? (index + 1) % 3 : index));
  scratch.write('x.bin', pixels);
  scratch.write('y.u8', Uint8Array.from(labels));
  const samples = { file: 'x.bin', dtype: 'uint8', shape: [sampleCount, 4, 4, 3], layout: 'NHWC' };
  const dataset = { samples, labels: { file: 'y.u8', dtype: 'uint8' }, classes: ['ant', 'bee', 'cat'], preprocess: { offset, scale } };
  return {
    onnx: scratch.write('tiny.onnx', encodeOnnx(model)),
    samples: scratch.write('tiny.dataset.json', JSON.stringify(dataset)),
    unlabelled: scratch.write('unlabelled.dataset.json', JSON.stringify({ samples, preprocess: { offset, scale } })),
  };
}
