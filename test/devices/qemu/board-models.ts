/** The five networks that the boards are tested with, compiled, and what they are tested on. */
import { importModel, packModel } from '../../../compiler/compile.ts';
import { type PackedModel, readPackedModel } from '../../../compiler/packed/read.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../../../compiler/samples/layout.ts';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { identityPreprocess, type ModelInput, type Samples } from '../../../compiler/samples/samples.ts';
import { sharedData } from '../../shared-data.ts';
import { createRandom } from '../serial/random.ts';

export interface BoardModelSource {
  readonly name: string;
  /** In ../shared/data. */
  readonly onnx: string;
  /** Absent: random frames. The publisher withdrew the recordings of the AD autoencoder. */
  readonly samples?: string;
}

export const boardModelSources = [
  { name: 'ResNet-8', onnx: 'ic-resnet8/model_fp32_bn.onnx', samples: 'ic-resnet8/calibration.dataset.json' },
  { name: 'DS-CNN', onnx: 'kws-dscnn/model_fp32.onnx', samples: 'kws-dscnn/dev.dataset.json' },
  { name: 'AD autoencoder', onnx: 'ad-autoencoder/model_fp32_bn.onnx' },
  { name: 'LeNet-5', onnx: 'mnist-lenet/lenet5_original.onnx', samples: 'mnist-lenet/calibration.dataset.json' },
  { name: 'VWW MobileNet', onnx: 'vww-mobilenetv1/model_fp32_bn.onnx', samples: 'imagenet-sample1000/dev.vww.dataset.json' },
] as const satisfies readonly BoardModelSource[];

export interface BoardModel {
  readonly model: PackedModel;
  readonly samples: Samples;
}

const SAMPLES = 20;

/** Log-mel values as a microphone gives them: -60 … 20 dB. */
function randomFrames(inputs: readonly ModelInput[]): Samples {
  const layouts = inputs.map(({ shape }) => ({ shape, order: 'model' as const }));
  const sample = (index: number) =>
    inputs.map(({ shape }, input) => {
      const random = createRandom(1000 * index + input + 1);
      return Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, () => 80 * random() - 60);
    });
  return {
    source: 'random frames',
    count: SAMPLES,
    layouts,
    sample,
    metric: 'agreement',
    preprocess: identityPreprocess,
    hash: () => 'random frames',
  };
}

/** The int8 model, calibrated on the same twenty samples that it is tested on: only bits and counts are looked at. */
export async function compileBoardModel({ name, onnx, samples: path }: BoardModelSource): Promise<BoardModel> {
  const imported = importModel({ onnx: sharedData(onnx), name });
  const inputs = modelInputsOf(inputPortsOf(imported.graph));
  const samples = path ? loadSamples(sharedData(path), { inputs, limit: SAMPLES }) : randomFrames(inputs);
  const read = sampleReader(samples, inputs);
  const { bytes } = await packModel(imported, { name, samples: Array.from({ length: samples.count }, (_, i) => read(i)) });
  return { model: readPackedModel(bytes, name), samples };
}
