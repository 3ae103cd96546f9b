/** What is to be flashed: runs of bytes at their addresses, whatever file they came from. */
import { BudgetError, InputFileError } from '../../compiler/errors.ts';
import type { Memory } from '../../targets/boards/board.ts';

export interface Segment {
  readonly address: number;
  readonly content: Uint8Array;
}

export function hexAddress(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}

export function byteCount(segments: readonly Segment[]): number {
  return segments.reduce((sum, { content }) => sum + content.length, 0);
}

/**
 * By address, without empty ones, those that touch joined.
 * @param where for messages
 * @throws InputFileError when there are none, or two overlap.
 */
export function joinSegments(segments: readonly Segment[], where: string): Segment[] {
  const sorted = segments.filter(({ content }) => content.length > 0).sort((a, b) => a.address - b.address);
  if (!sorted.length) throw new InputFileError(`${where}: holds no bytes for the flash`);
  const joined: { address: number; parts: Uint8Array[]; end: number }[] = [];
  for (const { address, content } of sorted) {
    const last = joined.at(-1);
    if (last && address < last.end)
      throw new InputFileError(`${where}: two parts claim ${hexAddress(address)}; it is damaged, or was made of two programs`);
    if (last?.end === address) {
      last.parts.push(content);
      last.end += content.length;
    } else joined.push({ address, parts: [content], end: address + content.length });
  }
  return joined.map(({ address, parts }) => ({ address, content: new Uint8Array(Buffer.concat(parts)) }));
}

/** @throws BudgetError when the last byte lies behind the memory; InputFileError when a byte lies before it. */
export function checkFits(segments: readonly Segment[], memory: Memory, board: string): void {
  const first = segments[0] as Segment;
  const last = segments.at(-1) as Segment;
  const end = memory.origin + memory.bytes;
  const range = `${hexAddress(memory.origin)} to ${hexAddress(end)}`;
  if (first.address < memory.origin || first.address >= end)
    throw new InputFileError(
      `the program begins at ${hexAddress(first.address)}, but ${board} takes programs at ${range}; link it for this board, or choose another --board`,
    );
  const used = last.address + last.content.length;
  if (used > end)
    throw new BudgetError(
      `the program ends at ${hexAddress(used)}, ${used - end} bytes behind what ${board} has (${range}); whittle check --board ${board} says what dominates a model`,
    );
}

/**
 * The same as blocks of `size` bytes at multiples of it; what no segment holds is as erased flash reads.
 * @returns sorted by address
 */
export function blocksOf(segments: readonly Segment[], size: number): Segment[] {
  const blocks = new Map<number, Uint8Array>();
  for (const { address, content } of segments) {
    for (let at = 0; at < content.length; ) {
      const start = Math.floor((address + at) / size) * size;
      let block = blocks.get(start);
      if (!block) {
        block = new Uint8Array(size).fill(0xff);
        blocks.set(start, block);
      }
      const piece = content.subarray(at, at + start + size - (address + at));
      block.set(piece, address + at - start);
      at += piece.length;
    }
  }
  return [...blocks].map(([address, content]) => ({ address, content })).sort((a, b) => a.address - b.address);
}

/** The first byte in which what was read back differs; undefined when none does. */
export function firstDifference(expected: Uint8Array, actual: Uint8Array): number | undefined {
  const at = expected.findIndex((byte, i) => actual[i] !== byte);
  return at < 0 ? undefined : at;
}
