/** What a model needs of the kernels: its runtime has nothing else. */

import type { PackedModel } from '../compiler/packed/read.ts';
import { readRecords, type StepRecord } from '../compiler/packed/records.ts';
import { areQuadsFitting } from '../compiler/quantization/quad-fit.ts';
import * as format from '../runtime-as/format.ts';

export interface KernelNeeds {
  /** Repeats allowed. */
  readonly opcodes: readonly number[];
  /** False: no layer's weights fit the form of quads (runtime-as/microkernels/dot-simd.ts). A layer that does runs as well without, only slower. */
  readonly quads?: boolean;
}

/** Convolutions whose weights are encoded: they are not looked into. */
function isEncoded({ opcode }: StepRecord): boolean {
  return opcode >= format.OPCODE_CONV2D_CSR16_INT8 && opcode <= format.OPCODE_CONV2D_CODEBOOK_INT8;
}

export function kernelNeeds(model: PackedModel): KernelNeeds {
  const { steps, tensors, constants } = readRecords(model);
  const fits = (step: StepRecord): boolean => {
    const weights = tensors[step.operands[1] as number];
    const rows = step.parameters[format.CONV_OUT_CHANNELS] as number;
    if (!weights) return false;
    const length = weights.bytes / rows;
    const row = (o: number) => new Int8Array(constants.slice(weights.offset + o * length, weights.offset + (o + 1) * length).buffer);
    return Array.from({ length: rows }, (_, o) => o).every((o) => areQuadsFitting(row(o)));
  };
  const quads = steps.some((step) => isEncoded(step) || (step.opcode === format.OPCODE_CONV2D_INT8 && fits(step)));
  return { opcodes: model.opcodes, quads };
}
