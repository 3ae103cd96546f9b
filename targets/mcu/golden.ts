/** What the model computes on made-up inputs, layer by layer: a board repeats it and compares. */
import { crc32 } from 'node:zlib';
import { Engine } from '../../compiler/engine.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { PackedRecords } from '../../compiler/packed/records.ts';
import { fullRuntime } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';

export interface Golden {
  /** CRC-32 of each step's output, right after the step. */
  readonly steps: readonly number[];
  /** The bytes of each output. */
  readonly outputs: readonly Uint8Array[];
}

/** First state of the generator; the emitted C begins with the same. */
export const GOLDEN_SEED = 0x9e3779b9;

/** xorshift32 (Marsaglia 2003). */
export function nextState(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
}

/** Fills the port as \`fill_inputs\` of selftest-source.ts does. @returns the generator's next state */
function fill(bytes: Uint8Array, dtype: number, first: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let state = first;
  if (dtype === format.DTYPE_INT8) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = (state = nextState(state)) >>> 24;
    return state;
  }
  for (let i = 0; i < bytes.length; i += 4) {
    state = nextState(state);
    // Floats in [-8, 8); integers that are an index into anything.
    if (dtype === format.DTYPE_FLOAT32) view.setFloat32(i, ((state >>> 16) - 32768) / 4096, true);
    else view.setInt32(i, state >>> 31, true);
  }
  return state;
}

export async function computeGolden(model: PackedModel, records: PackedRecords): Promise<Golden> {
  const engine = await Engine.create(await fullRuntime('scalar'), model.bytes);
  const bytesOf = (tensor: number) => records.tensors[tensor]?.bytes ?? 0;
  let state = GOLDEN_SEED;
  records.inputs.forEach((tensor, i) => {
    state = fill(engine.input(i, bytesOf(tensor)), records.tensors[tensor]?.dtype ?? 0, state);
  });
  const steps = records.steps.map(({ operands }, i) => {
    engine.runSteps(i, i + 1);
    const output = operands.at(-1) as number;
    return crc32(engine.tensor(output, bytesOf(output)));
  });
  return { steps, outputs: records.outputs.map((tensor, i) => engine.output(i, bytesOf(tensor)).slice()) };
}
