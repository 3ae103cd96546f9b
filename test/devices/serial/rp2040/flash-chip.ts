/** A serial NOR flash like the Pico's W25Q16JV (8.2: page program, sector erase), whose power may fail in the middle of an operation. */
import { createRandom } from '../random.ts';

export const SECTOR_BYTES = 4096;
export const PAGE_BYTES = 256;

export class FlashChip {
  readonly cells: Uint8Array;
  /** Erasures and pages so far. */
  operations = 0;
  /** Where the last of them was. */
  lastOffset = -1;
  /** The power fails during the operation of this number. */
  cutAt = Number.POSITIVE_INFINITY;
  private readonly random: () => number;

  constructor(bytes: number, seed: number) {
    this.random = createRandom(seed);
    this.cells = Uint8Array.from({ length: bytes }, () => Math.floor(this.random() * 256));
  }

  private change(offset: number, bytes: number, changed: (cell: number, index: number, cut: boolean) => number): void {
    const cut = this.operations++ === this.cutAt;
    this.lastOffset = offset;
    for (let i = 0; i < bytes; i++) this.cells[offset + i] = changed(this.cells[offset + i] as number, i, cut);
    if (cut) throw new Error('the power fails');
  }

  /** One sector. */
  erase(offset: number): void {
    if (offset % SECTOR_BYTES || offset >= this.cells.length) throw new Error(`no sector begins at ${offset}`);
    this.change(offset, SECTOR_BYTES, (cell, _, cut) => (cut ? cell | Math.floor(this.random() * 256) : 0xff));
  }

  /** One page; bits only fall. */
  program(offset: number, page: Uint8Array): void {
    if (offset % PAGE_BYTES || page.length !== PAGE_BYTES || offset >= this.cells.length) throw new Error(`no page begins at ${offset}`);
    this.change(offset, PAGE_BYTES, (cell, i, cut) => cell & ((page[i] as number) | (cut ? Math.floor(this.random() * 256) : 0)));
  }
}
