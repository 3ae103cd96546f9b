/** Memory of int8 models: the arena is as small as the largest set of tensors that live at once. */
import { expect, test } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import { valueOf } from '../../compiler/graph.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

interface Model {
  readonly path: string;
  readonly arenaBytes?: number;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const models: readonly Model[] = [
  { path: 'ic-resnet8/model_fp32_bn.onnx', arenaBytes: 60 * 1024 },
  { path: 'ic-resnet8/ic02_large_fp32_folded.onnx' },
  { path: 'kws-dscnn/model_fp32.onnx' },
  { path: 'vww-mobilenetv1/model_fp32_bn.onnx', arenaBytes: 56 * 1024 },
  { path: 'ad-autoencoder/model_fp32_bn.onnx' },
  { path: 'mnist-lenet/lenet300100_original.onnx' },
  { path: 'mnist-lenet/lenet5_original.onnx' },
  { path: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx' },
  { path: 'imagenet-sample1000/squeezenet1.1_fp32.onnx' },
  { path: 'import-smoke/Ultraface_version-RFB-320.onnx' },
  { path: 'import-smoke/ch_ppocr_mobile_v2.0_cls_infer.onnx', shapes: { x: [1, 3, 48, 192] } },
];

describeWithSharedData('int8 arenas', () => {
  test.for(models)('$path', async ({ path, arenaBytes = Infinity, shapes = {} }) => {
    const inputShapes = new Map(Object.entries(shapes));
    const imported = importOnnx(loadOnnx(sharedData(path)).model, { name: path, inputShapes });
    // Any sample will do: the sizes do not depend on the scales.
    const samples = [imported.inputs.map(({ value }) => Float32Array.from(randomTensor(valueOf(imported, value).type.shape, 1).data))];
    const { report } = await compileModel({ onnx: sharedData(path), name: path, inputShapes, samples });
    expect(report.arenaBytes).toBe(report.arenaLowerBound);
    expect(report.arenaBytes).toBeLessThanOrEqual(arenaBytes);
  });
});
