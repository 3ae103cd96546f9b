/** What methods.md measured on the layers of real networks: ranks, sizes, and weights that are nearly zero. */
import { expect, test } from 'vitest';
import { importModel } from '../../../compiler/compile.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { chooseRank, rankOptions } from '../../../compiler/compression/rank.ts';
import { modeRank, weightTensor } from '../../../compiler/compression/tucker-factors.ts';
import { matrix } from '../../../compiler/linalg/matrix.ts';
import { singularValues } from '../../../compiler/linalg/svd.ts';
import { unfold } from '../../../compiler/linalg/tensor.ts';
import { vbmf } from '../../../compiler/linalg/vbmf.ts';
import { countParameters } from '../../../compiler/report.ts';
import { describeWithSharedData, sharedData } from '../../shared-data.ts';

const layersOfModel = (onnx: string) => layersOf(importModel({ onnx: sharedData(onnx), name: 'model' }).graph);

describeWithSharedData('ranks (methods.md 10.2)', () => {
  const convolutions = () => layersOfModel('ic-resnet8/model_fp32_bn.onnx').filter(({ taps }) => taps > 1);

  test('of the convolutions of ResNet-8 by variational Bayes, where 0 is an answer: (R3, R4)', () => {
    const ranks = convolutions().map((layer) => [1, 0].map((mode) => vbmf(unfold(weightTensor(layer), mode)).rank));
    expect(ranks).toEqual([
      [0, 2],
      [3, 2],
      [1, 2],
      [1, 1],
      [7, 7],
      [5, 10],
      [4, 3],
    ]);
  });

  test('of the same by 90 % of the energy: compact networks are not of low rank', () => {
    const options = { energy: 0.9, vbmf: false, weaken: 1, roundTo: 1 } as Parameters<typeof modeRank>[2];
    const [, ...behindTheFirst] = convolutions();
    const layers = behindTheFirst.map((layer) => {
      const [r3, r4] = [1, 0].map((mode) => modeRank(weightTensor(layer), mode, options)) as [number, number];
      const parameters = layer.inputs * r3 + 9 * r3 * r4 + layer.outputs * r4;
      return { ranks: [r3, r4], ratio: layer.weights.length / parameters };
    });
    expect(layers[0]?.ranks).toEqual([12, 12]);
    expect(layers.at(-1)?.ranks).toEqual([50, 50]);
    for (const { ratio } of layers) {
      expect(ratio).toBeGreaterThan(1.15);
      expect(ratio).toBeLessThan(1.55);
    }
  });

  test('of the dense layers of the autoencoder', () => {
    const found = layersOfModel('ad-autoencoder/model_fp32_folded.onnx').map((layer) => {
      const w = matrix(layer.outputs, layer.columns, Float64Array.from(layer.weights));
      const energies = singularValues(w).map((value) => value * value);
      const question = { energies, parametersPerRank: layer.outputs + layer.columns, parameters: w.data.length };
      const rule = { energy: rankOptions.energy.parse(undefined), roundTo: 1, keepUnprofitable: false };
      return { shape: `${layer.outputs}x${layer.columns}`, energy: chooseRank(question, rule), bayes: vbmf(w).rank };
    });
    expect(found[0]).toEqual({ shape: '128x640', energy: 30, bayes: 60 });
    const square = found.filter(({ shape }) => shape === '128x128');
    const range = (of: 'energy' | 'bayes') => [Math.min(...square.map((one) => one[of])), Math.max(...square.map((one) => one[of]))];
    expect(range('energy')).toEqual([37, 61]);
    expect(range('bayes')).toEqual([2, 21]);
  });
});

describeWithSharedData('sizes', () => {
  test.for([
    ['lenet300100', 266_610, 1.017],
    ['lenet5', 431_080, 1.644],
  ] as const)('%s: %i parameters, %f MiB (methods.md 15)', ([model, parameters, mebibytes]) => {
    const { graph } = importModel({ onnx: sharedData(`mnist-lenet/${model}_original.onnx`), name: model });
    expect(countParameters(graph)).toBe(parameters);
    expect((4 * parameters) / 2 ** 20).toBeCloseTo(mebibytes, 3);
  });

  test.for([
    ['vww-mobilenetv1/model_fp32_folded.onnx', 1e-4, 82.5],
    ['ic-resnet8/model_fp32_folded.onnx', 1e-3, 0.4],
    ['ad-autoencoder/model_fp32_folded.onnx', 1e-3, 2.5],
  ] as const)('%s: weights below %f of the largest of their layer are %f of 100 (methods.md 2)', ([model, below, percent]) => {
    const layers = layersOfModel(model);
    let [small, all] = [0, 0];
    for (const { weights } of layers) {
      const largest = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
      small += weights.filter((weight) => Math.abs(weight) < below * largest).length;
      all += weights.length;
    }
    expect(Math.abs((100 * small) / all - percent)).toBeLessThan(0.1);
  });
});
