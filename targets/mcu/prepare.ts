/** The `prepare` of a board's kernels, run here: the same sources, built as WASM. */
import { growTo, loadModel, type RuntimeExports } from '../../compiler/engine.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { StepRecord } from '../../compiler/packed/records.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The ABI of runtime-as/board.ts. */
interface BoardExports extends RuntimeExports {
  preparedBytesOf(step: number): number;
  workspaceBytesOf(step: number): number;
  replacedOperandsOf(step: number): number;
  prepareInto(step: number, address: number): void;
}

export interface PreparedStep {
  /** The weights in the order of the vocabulary's kernel; empty: it reads the constants in place. */
  readonly prepared: Uint8Array;
  readonly workspaceBytes: number;
  /** Indices of the operands that the kernel does not read once it has `prepared`. */
  readonly replaced: ReadonlySet<number>;
}

/** The host's twin of each vocabulary. */
const hostVariants: Readonly<Record<Vocabulary, Variant>> = { scalar: 'board-scalar', dsp: 'board-dsp', mve: 'board-mve' };

/**
 * One entry per step.
 * @throws InvalidPackedModelError when the runtime refuses the model.
 */
export async function prepareSteps(model: PackedModel, steps: readonly StepRecord[], vocabulary: Vocabulary): Promise<PreparedStep[]> {
  const variant = hostVariants[vocabulary];
  const runtime = (await loadModel(await fullRuntime(variant), model.bytes)) as BoardExports;
  const free = runtime.memory.buffer.byteLength;
  return steps.map(({ offset, operands }) => {
    const bytes = runtime.preparedBytesOf(offset);
    growTo(runtime.memory, free + bytes);
    if (bytes) runtime.prepareInto(offset, free);
    const mask = runtime.replacedOperandsOf(offset);
    return {
      prepared: new Uint8Array(runtime.memory.buffer.slice(free, free + bytes)),
      workspaceBytes: runtime.workspaceBytesOf(offset),
      replaced: new Set(operands.flatMap((_, i) => ((mask >>> i) & 1 ? [i] : []))),
    };
  });
}
