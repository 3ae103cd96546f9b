/** For sessions of compact models, which must have arrived before they are expanded. */
import type { ModelSource } from '../../compiler/engine.ts';
import { expandPacked } from '../../compiler/packed/expand.ts';
import { bytesOf } from './source.ts';

/** @returns the packed model, and how many bytes its file had, compact or not */
export async function expandModel(model: ModelSource): Promise<{ readonly bytes: Uint8Array; readonly fileBytes: number }> {
  const file = await bytesOf(model);
  return { bytes: expandPacked(file), fileBytes: file.length };
}
