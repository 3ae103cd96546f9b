/** What a recipe made of a model, quantized and packed as the recipe says. */
import { type CompiledModel, type FloatModel, type PackOptions, packModel } from '../compile.ts';
import type { Graph } from '../graph.ts';
import { weightRounding } from '../quantization/rounding/round-layers.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../samples/layout.ts';
import { identityPreprocess, type Samples } from '../samples/samples.ts';
import type { Stage } from './apply-recipe.ts';
import type { Recipe } from './recipe.ts';

export interface PackCompressedOptions extends Stage {
  /** The original. */
  readonly model: FloatModel;
  readonly recipe: Pick<Recipe, 'digest' | 'quantize'>;
  readonly name: string;
  readonly seed: number;
  /** To calibrate with. */
  readonly samples?: Samples;
  readonly calibration?: PackOptions['calibration'];
}

/** The samples in ONNX order. */
function* calibrationSamples(samples: Samples, graph: Graph): Generator<Float32Array[]> {
  const read = sampleReader(samples, modelInputsOf(inputPortsOf(graph)));
  for (let i = 0; i < samples.count; i++) yield read(i);
}

/** @throws InputFileError, UsageError */
export function packCompressed(options: PackCompressedOptions): Promise<CompiledModel> {
  const { model, network, quantization, recipe, name, seed, samples, calibration } = options;
  const keepFloat = [...(recipe.quantize?.keepFloat ?? []), ...(quantization.keepFloat ?? [])];
  const rounding = recipe.quantize && weightRounding(recipe.quantize.rounding);
  return packModel(
    { graph: network.graph, source: model.source },
    {
      name,
      seed,
      provenance: { recipe: recipe.digest },
      ...(recipe.quantize && {
        calibrationMethod: recipe.quantize.calibrationMethod,
        encoding: recipe.quantize.encoding,
        compact: recipe.quantize.compact,
        weightBits: recipe.quantize.weightBits,
        precision: recipe.quantize.precision,
        ...(rounding && { rounding }),
      }),
      ...(samples && recipe.quantize && { samples: calibrationSamples(samples, model.graph) }),
      ...(calibration && { calibration }),
      ...(keepFloat.length > 0 && { keepFloat }),
      ...(!recipe.quantize && { float: true }),
      ...(samples?.classes && { labels: samples.classes }),
      ...(samples && samples.preprocess !== identityPreprocess && { preprocess: samples.preprocess }),
    },
  );
}
