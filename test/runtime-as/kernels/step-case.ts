/** One-step packed models with any operands and parameter words: what the checks must refuse and the kernels must do. */
import { Engine } from '../../../compiler/engine.ts';
import { InvalidPackedModelError } from '../../../compiler/errors.ts';
import { byteLength, type TensorType, type TypedArray } from '../../../compiler/graph.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import type { PlannedTensor } from '../../../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../../../compiler/root.ts';

export interface StepCase {
  readonly opcode: number;
  /** Operands without the output; those without data are inputs of the model. */
  readonly operands: readonly { readonly type: TensorType; readonly constant?: TypedArray }[];
  readonly output: TensorType;
  readonly parameters: readonly number[];
}

/** The packed model of this one step. */
export function stepModel({ opcode, operands, output, parameters }: StepCase): Uint8Array {
  let offset = 0;
  const place = (type: TensorType) => {
    const at = offset;
    offset += Math.ceil(byteLength(type) / 16) * 16;
    return at;
  };
  const tensors: PlannedTensor[] = operands.map(({ type, constant }, i) =>
    constant ? { name: `x${i}`, type, constant, offset: 0 } : { name: `x${i}`, type, offset: place(type) },
  );
  tensors.push({ name: 'y', type: output, offset: place(output) });
  return writePackedModel(
    {
      tensors,
      steps: [{ node: 'step', opcode, operands: tensors.map((_, i) => i), parameters }],
      inputs: tensors.flatMap((tensor, i) => (tensor.constant || i === operands.length ? [] : [i])),
      outputs: [operands.length],
      arenaBytes: offset,
      arenaLowerBound: offset,
      lifetimes: [],
    },
    { name: 'step', inputs: [], outputs: [], steps: [] },
  );
}

/** The engine with this one step; undefined when the runtime refuses the model. */
export async function loadStep(stepCase: StepCase, variant: Variant): Promise<Engine | undefined> {
  try {
    return await Engine.create(await fullRuntime(variant), stepModel(stepCase));
  } catch (error) {
    if (error instanceof InvalidPackedModelError) return undefined;
    throw error;
  }
}
