/**
 * UF2 (github.com/microsoft/uf2): blocks of 512 bytes, each complete in itself, that a boot loader takes as a file on its drive.
 *
 *     0  magic 0A324655      16  bytes of payload            32  payload, 476 bytes
 *     4  magic 9E5D5157      20  number of this block       508  magic 0AB16F30
 *     8  flags               24  number of all blocks
 *    12  address in flash    28  family of the chip
 */
import { InputFileError } from '../../compiler/errors.ts';
import { blocksOf, joinSegments, type Segment } from './segments.ts';

const BLOCK_BYTES = 512;
const PAYLOAD_OFFSET = 32;
const PAYLOAD_MAX = 476;
const END_OFFSET = BLOCK_BYTES - 4;
/** What every boot loader takes, at multiples of it. */
const PAYLOAD_BYTES = 256;

const MAGIC_START = 0x0a324655;
const MAGIC_SECOND = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;

const NOT_MAIN_FLASH = 0x0001;
const FILE_CONTAINER = 0x1000;
const FAMILY_PRESENT = 0x2000;

export function isUf2(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK_BYTES && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MAGIC_START;
}

/**
 * @param familyId of the chip, for boot loaders to refuse what is not theirs
 * @param sectorBytes of the flash: what is written of a sector is its whole
 */
export function writeUf2(segments: readonly Segment[], familyId: number, sectorBytes = PAYLOAD_BYTES): Uint8Array {
  const blocks = blocksOf(blocksOf(segments, sectorBytes), PAYLOAD_BYTES);
  const file = new Uint8Array(blocks.length * BLOCK_BYTES);
  for (const [number, { address, content }] of blocks.entries()) {
    const start = number * BLOCK_BYTES;
    const words = [MAGIC_START, MAGIC_SECOND, FAMILY_PRESENT, address, content.length, number, blocks.length, familyId];
    const view = new DataView(file.buffer, start, BLOCK_BYTES);
    words.forEach((word, index) => view.setUint32(index * 4, word, true));
    view.setUint32(END_OFFSET, MAGIC_END, true);
    file.set(content, start + PAYLOAD_OFFSET);
  }
  return file;
}

export interface Uf2File {
  readonly segments: readonly Segment[];
  /** Of its blocks; empty where they name none. */
  readonly familyIds: readonly number[];
}

/** @throws InputFileError for a block that is damaged or missing. */
export function readUf2(file: Uint8Array, where: string): Uf2File {
  if (file.length % BLOCK_BYTES)
    throw new InputFileError(`${where}: has ${file.length} bytes, not a multiple of ${BLOCK_BYTES}; it is cut off, copy it again`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const segments: Segment[] = [];
  const families = new Set<number>();
  const seen = new Map<number, { count: number; numbers: Set<number> }>();
  for (let start = 0; start < file.length; start += BLOCK_BYTES) {
    const word = (index: number) => view.getUint32(start + index * 4, true);
    const [flags, address, bytes, number, count] = [word(2), word(3), word(4), word(5), word(6)];
    const isWhole = word(0) === MAGIC_START && word(1) === MAGIC_SECOND && word(END_OFFSET / 4) === MAGIC_END;
    if (!isWhole || bytes > PAYLOAD_MAX || number >= count)
      throw new InputFileError(`${where}: block ${start / BLOCK_BYTES} is damaged; make the file again`);
    const family = flags & FAMILY_PRESENT ? word(7) : 0;
    const numbers = seen.get(family)?.numbers ?? new Set();
    seen.set(family, { count, numbers: numbers.add(number) });
    if (flags & (NOT_MAIN_FLASH | FILE_CONTAINER)) continue;
    if (family) families.add(family);
    segments.push({ address, content: file.slice(start + PAYLOAD_OFFSET, start + PAYLOAD_OFFSET + bytes) });
  }
  for (const { count, numbers } of seen.values())
    if (numbers.size !== count) throw new InputFileError(`${where}: has ${numbers.size} of its ${count} blocks; copy it again`);
  return { segments: joinSegments(segments, where), familyIds: [...families] };
}
