/** ELF files of 32-bit little-endian processors: what lies where in the flash (System V ABI, chapters 4 and 5). */
import { InputFileError } from '../../compiler/errors.ts';
import type { Core } from '../../targets/boards/cores.ts';
import { joinSegments, type Segment } from './segments.ts';

const MACHINE = 18;
const ENTRY = 24;
const PROGRAM_HEADERS = 28;
const PROGRAM_HEADER_BYTES = 42;
const PROGRAM_HEADER_COUNT = 44;

/** Words of a program header. */
const TYPE = 0;
const OFFSET = 4;
const PHYSICAL_ADDRESS = 12;
const FILE_BYTES = 16;

const LOAD = 1;

const machines: Readonly<Record<number, string>> = { 40: 'Arm', 94: 'Xtensa', 243: 'RISC-V' };

function machineOf(core: Core): string {
  if (core.startsWith('cortex')) return 'Arm';
  return core === 'xtensa-lx7' ? 'Xtensa' : 'RISC-V';
}

export function isElf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from('\x7fELF', 'latin1'));
}

/**
 * The segments to load, where they are stored (physical addresses): initial values of variables lie in the flash.
 * @throws InputFileError when the file is cut off, or is for another processor.
 */
export function readElf(bytes: Uint8Array, core: Core, where: string): Segment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // 32 bits, little-endian.
  if (bytes.length < 52 || bytes[4] !== 1 || bytes[5] !== 1)
    throw new InputFileError(`${where}: is no ELF file of a 32-bit little-endian processor; give the one of the board's compiler`);
  const machine = machines[view.getUint16(MACHINE, true)] ?? `machine ${view.getUint16(MACHINE, true)}`;
  if (machine !== machineOf(core))
    throw new InputFileError(`${where}: is for ${machine}, the board has a ${core} (${machineOf(core)}); build it for this board`);
  const start = view.getUint32(PROGRAM_HEADERS, true);
  const stride = view.getUint16(PROGRAM_HEADER_BYTES, true);
  const count = view.getUint16(PROGRAM_HEADER_COUNT, true);
  const cutOff = new InputFileError(`${where}: is cut off; link it again`);
  if (start + stride * count > bytes.length) throw cutOff;
  const segments: Segment[] = [];
  for (let at = start; at < start + stride * count; at += stride) {
    const word = (offset: number) => view.getUint32(at + offset, true);
    if (word(TYPE) !== LOAD) continue;
    if (word(OFFSET) + word(FILE_BYTES) > bytes.length) throw cutOff;
    segments.push({ address: word(PHYSICAL_ADDRESS), content: bytes.slice(word(OFFSET), word(OFFSET) + word(FILE_BYTES)) });
  }
  return joinSegments(segments, where);
}

/** Address at which the program starts, of a file that readElf takes. */
export function readElfEntry(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(ENTRY, true);
}
