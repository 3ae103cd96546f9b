/** Reads the header and the metadata of a packed model on the host. The runtime checks the rest before it runs anything. */
import * as format from '../../runtime-as/format.ts';
import { InvalidPackedModelError } from '../errors.ts';
import { expandPacked } from './expand.ts';
import type { PackedMetadata } from './metadata.ts';

export interface PackedModel {
  /** As the runtime reads it. */
  readonly bytes: Uint8Array;
  /** As it was stored: the same, or a compact file of it (expand.ts). */
  readonly file: Uint8Array;
  readonly metadata: PackedMetadata;
  readonly arenaBytes: number;
  /** Of constants and weights. */
  readonly constantsBytes: number;
  readonly stepCount: number;
  /** Opcode of each step, in order. */
  readonly opcodes: readonly number[];
}

/** The metadata of a model whose header is known to be right; undefined when they are no JSON. A copy is read: no decoder takes shared memory. */
export function readMetadata(bytes: Uint8Array): PackedMetadata | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = view.getUint32(format.HEADER_METADATA_OFFSET * 4, true);
  const to = from + view.getUint32(format.HEADER_METADATA_BYTES * 4, true);
  try {
    return JSON.parse(new TextDecoder().decode(bytes.slice(from, to)));
  } catch {
    return undefined;
  }
}

/** @throws InvalidPackedModelError when header, steps or metadata do not lie inside the file. */
export function readPackedModel(file: Uint8Array, name = 'model'): PackedModel {
  const bytes = expandPacked(file);
  const refuse = (what: string): never => {
    throw new InvalidPackedModelError(`${name}: ${what}; compile the model again`);
  };
  if (bytes.length < format.HEADER_WORDS * 4)
    refuse(`${bytes.length} bytes are too few for a packed model (header: ${format.HEADER_WORDS * 4})`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (index: number) => view.getUint32(index * 4, true);
  if (header(format.HEADER_MAGIC) !== format.FORMAT_MAGIC) refuse('is not a packed model (wrong magic number)');
  if (header(format.HEADER_VERSION) !== format.FORMAT_VERSION)
    refuse(`has format version ${header(format.HEADER_VERSION)}, this whittle reads version ${format.FORMAT_VERSION}`);
  if (header(format.HEADER_FILE_BYTES) !== bytes.length)
    refuse(`says it has ${header(format.HEADER_FILE_BYTES)} bytes but has ${bytes.length}`);

  const opcodes: number[] = [];
  let offset = header(format.HEADER_STEPS_OFFSET);
  for (let i = 0; i < header(format.HEADER_STEP_COUNT); i++) {
    if (offset + 4 > bytes.length) refuse(`step ${i} lies outside the file`);
    const word = view.getUint32(offset, true);
    opcodes.push(word & 0xff);
    offset += 4 * (1 + ((word >>> 8) & 0xff) + (word >>> 16));
  }
  if (header(format.HEADER_METADATA_OFFSET) + header(format.HEADER_METADATA_BYTES) > bytes.length)
    refuse('the metadata lie outside the file');
  return {
    bytes,
    file,
    metadata: readMetadata(bytes) ?? refuse('the metadata are not valid JSON'),
    arenaBytes: header(format.HEADER_ARENA_BYTES),
    constantsBytes: header(format.HEADER_CONSTANTS_BYTES) + header(format.HEADER_WEIGHTS_BYTES),
    stepCount: header(format.HEADER_STEP_COUNT),
    opcodes,
  };
}
