/** Flashes an STM32 through its boot ROM: erases the sectors that are needed, writes, reads everything back, starts it. */
import { DeviceError } from '../../compiler/errors.ts';
import type { Board, BootRom } from '../../targets/boards/board.ts';
import { KB } from '../../targets/boards/board.ts';
import type { Wire } from '../serial/wire.ts';
import { type FlashStep, stopIfAsked } from './flash-step.ts';
import { blocksOf, firstDifference, hexAddress, type Segment } from './segments.ts';
import { BLOCK_BYTES, Stm32Bootloader } from './stm32-bootloader.ts';

/** Sectors that one command erases. */
const SECTORS_AT_ONCE = 8;

/** Numbers of the sectors in which a byte lies. */
export function sectorsOf(segments: readonly Segment[], origin: number, sectorsKB: readonly number[]): number[] {
  const found: number[] = [];
  const end = Math.max(...segments.map(({ address, content }) => address + content.length));
  for (let sector = 0, at = origin; at < end; sector++) {
    const next = at + (sectorsKB[sector % sectorsKB.length] as number) * KB;
    if (segments.some(({ address, content }) => address < next && address + content.length > at)) found.push(sector);
    at = next;
  }
  return found;
}

/** A byte on the way back may be damaged, as the ROM sends no check: what differs is read once more. */
async function verify(loader: Stm32Bootloader, name: string, { address, content }: Segment): Promise<void> {
  let difference: number | undefined;
  let actual = new Uint8Array();
  for (let readings = 0; readings < 3; readings++) {
    actual = Uint8Array.from(await loader.read(address, content.length));
    difference = firstDifference(content, actual);
    if (difference === undefined) return;
  }
  const at = difference as number;
  throw new DeviceError(
    `${name}: verification failed at ${hexAddress(address + at)}: expected ${content[at]}, the flash holds ${actual[at]}; run this again, and if it stays, the flash is worn`,
    7,
  );
}

export interface Stm32Options extends FlashStep {
  readonly entry: string;
  readonly answerMs?: number;
  readonly start: boolean;
}

/**
 * The first block, with the reset vector, is written last: what is interrupted before does not start.
 * @throws DeviceError for another chip, a protected flash, a ROM that does not answer, bytes that differ.
 */
export async function flashStm32(wire: Wire, board: Board, rom: BootRom, segments: readonly Segment[], options: Stm32Options) {
  const { progress, start } = options;
  const loader = await Stm32Bootloader.connect(wire, options);
  const id = await loader.getId();
  if (id !== rom.productId)
    throw new DeviceError(
      `${wire.name}: the chip says that it is product 0x${id.toString(16)}, but ${board.title} has a ${board.chip}, 0x${rom.productId.toString(16)}; nothing was written; choose the --board that it is`,
    );
  stopIfAsked(options, 'the flash is as it was; the boot ROM waits for commands, reset the board to start what it held');
  const sectors = sectorsOf(segments, board.flash.origin, rom.sectorsKB);
  const half = 'the flash is half written and nothing in it starts; the boot ROM waits for commands, run this again';
  for (let at = 0; at < sectors.length; at += SECTORS_AT_ONCE) {
    progress('erasing', at, sectors.length);
    await loader.erase(sectors.slice(at, at + SECTORS_AT_ONCE));
    stopIfAsked(options, half);
  }
  const [first, ...others] = blocksOf(segments, BLOCK_BYTES) as [Segment, ...Segment[]];
  const blocks = [...others, first];
  for (const [at, { address, content }] of blocks.entries()) {
    progress('writing', at, blocks.length);
    await loader.write(address, content);
    if (at < blocks.length - 1) stopIfAsked(options, half);
  }
  for (const [at, block] of blocks.entries()) {
    progress('verifying', at, blocks.length);
    await verify(loader, wire.name, block);
    stopIfAsked(options, 'everything is written, but not all of it verified; reset the board to start it');
  }
  if (start) await loader.go(first.address);
  return { verified: 'read back', started: start } as const;
}
