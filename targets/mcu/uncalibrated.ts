/** The sizes of an ONNX model that nobody has calibrated yet: they do not depend on the samples. */
import { importModel, packModel } from '../../compiler/compile.ts';
import { elementCount, valueOf } from '../../compiler/graph.ts';
import { type PackedModel, readPackedModel } from '../../compiler/packed/read.ts';
import { GOLDEN_SEED, nextState } from './golden.ts';

/**
 * The int8 model as far as its sizes go, calibrated on one made-up input in [-1, 1]. With real samples a layer may have to
 * stay float32 that is int8 here.
 * @throws UnsupportedModelError, InputFileError
 */
export async function packUncalibrated(
  onnx: string,
  name: string,
  inputShapes: ReadonlyMap<string, readonly number[]>,
): Promise<PackedModel> {
  const model = importModel({ onnx, name, inputShapes });
  let state = GOLDEN_SEED;
  const sample = model.graph.inputs.map(({ value }) =>
    Float32Array.from({ length: elementCount(valueOf(model.graph, value).type.shape) }, () => {
      state = nextState(state);
      return (state >>> 8) / 2 ** 23 - 1;
    }),
  );
  const { bytes } = await packModel(model, { name, samples: [sample] });
  return readPackedModel(bytes, name);
}
