/**
 * The monitor as the boot ROM of an ESP loads it: all of it in RAM, code seen by the instruction bus, data by the data bus; and the
 * image that it lies in (esptool's documentation, "Firmware Image Format"; ESP-IDF's esp_app_format.h):
 *
 *   0   0xe9 | segments | flash mode | flash size << 4 and frequency | entry (4 bytes)
 *   8   pin of WP | drive of the pins (3) | chip (2) | revisions (5) | 0 (4) | 1: with SHA-256
 *   24  per segment: address | bytes | content
 *       zeros up to the last byte of 16, there: 0xef and all bytes of the contents in exclusive or
 *       SHA-256 of everything before
 */
import { createHash } from 'node:crypto';
import { type Board, MB } from '../../targets/boards/board.ts';
import { readElf, readElfEntry } from '../flash/elf.ts';
import { stackBytes } from './firmware-source.ts';
import type { Wiring } from './wiring.ts';
import type { EspChip } from './wiring-esp.ts';

/** RAM from low to high: code, constants and data, what survives a restart, heap, stack. */
export function espLinkerScript(board: Board, { ramBytes = board.ram.bytes }: Wiring, { instructionBus, rom, romRam }: EspChip): string {
  const { origin } = board.ram;
  const functions = Object.entries(rom).map(([name, address]) => `${name} = ${address};`);
  return `ENTRY(_start)
${functions.join('\n')}
/* Without these the file's own header would be part of the first segment. */
PHDRS
{
  code PT_LOAD;
  data PT_LOAD;
}
SECTIONS
{
  . = ${origin + instructionBus};
  .text : { KEEP(*(.vectors)) *(.literal* .text*) . = ALIGN(16); } :code
  . = ADDR(.text) + SIZEOF(.text) - ${instructionBus};
  .data : { *(.rodata* .srodata*) *(.data* .sdata*) . = ALIGN(4); } :data
  /* The boot ROM has put them into place. */
  _data_start = .;
  _data_end = .;
  _data_load = .;
  .bss (NOLOAD) : { _bss_start = .; *(.bss* .sbss* COMMON) . = ALIGN(4); _bss_end = .; }
  .noinit (NOLOAD) : { *(.noinit*) . = ALIGN(16); }
  _heap_start = .;
  _stack_top = ${origin + ramBytes};
  _heap_end = _stack_top - ${stackBytes(board)};
  ASSERT(_data_end <= ${romRam}, "the boot ROM would load the monitor over its own RAM")
  ASSERT(_heap_start + 1024 < _heap_end, "the RAM is too small for the monitor")
}
`;
}

const MAGIC = 0xe9;
/** Two lines for address and data: what every flash chip can. */
const DUAL_IO = 2;
/** The clock's source undivided: the crystal here. */
const UNDIVIDED = 0xf;
/** The pin of WP is not the ROM's to set. */
const NO_WP_PIN = 0xee;
const ANY_REVISION = 0xffff;
const CHECKSUM_SEED = 0xef;

/** @param elf linked by espLinkerScript */
export function espImage(elf: Uint8Array, board: Board, { id }: EspChip): Uint8Array {
  const segments = readElf(elf, board.core, 'monitor.elf');
  const head = Buffer.alloc(24);
  head.set([MAGIC, segments.length, DUAL_IO, (Math.log2(board.flash.bytes / MB) << 4) | UNDIVIDED]);
  head.writeUInt32LE(readElfEntry(elf), 4);
  head[8] = NO_WP_PIN;
  head.writeUInt16LE(id, 12);
  head.writeUInt16LE(ANY_REVISION, 17);
  head[23] = 1;
  let checksum = CHECKSUM_SEED;
  const parts = segments.flatMap(({ address, content }) => {
    // Whole words.
    const padded = Buffer.alloc(Math.ceil(content.length / 4) * 4);
    padded.set(content);
    for (const byte of padded) checksum ^= byte;
    return [Buffer.from(Uint32Array.of(address, padded.length).buffer), padded];
  });
  const bytes = [head, ...parts].reduce((sum, part) => sum + part.length, 0);
  const tail = Buffer.alloc(16 - (bytes % 16));
  tail[tail.length - 1] = checksum;
  const image = Buffer.concat([head, ...parts, tail]);
  return Buffer.concat([image, createHash('sha256').update(image).digest()]);
}
