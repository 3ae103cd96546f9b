/** Accuracy of the packed model on the dropped samples, against the float graph it was made from. */
import type { Graph } from '../../compiler/graph.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { Samples } from '../../compiler/samples/samples.ts';
import type { Device } from '../device.ts';
import { evaluate } from '../evaluate.ts';
import { openReference } from '../reference.ts';
import type { EvalDocument } from '../report/documents.ts';

export async function evaluationDocument(
  model: PackedModel,
  float: Graph,
  samples: Samples,
  device: Device,
  onSample: (done: number, total: number) => void,
): Promise<EvalDocument> {
  const reference = await openReference(float, samples);
  const evaluation = await evaluate({ model, samples, device, reference, onSample: (done) => onSample(done, samples.count) });
  return { ...evaluation, model: model.metadata.name, on: device.name, variant: 'simd' };
}
