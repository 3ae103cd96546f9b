/** Flash that the guest cannot write (STM32 in QEMU) holds a model from the start, as if it had been flashed. */
import type { Board } from '../../targets/boards/board.ts';
import { slotContent } from '../serial/record.ts';
import { wirings } from '../serial/wiring.ts';
import type { Preload } from './machine.ts';

/** @returns what to preload when no slot that can be written is large enough; undefined otherwise */
export function preloadOf(board: Board, image: Uint8Array): Preload | undefined {
  const slots = wirings[board.name]?.memory.slots ?? [];
  const content = slotContent(image, 1);
  const fits = (writable: boolean) => slots.find((slot) => slot.writable === writable && slot.bytes >= content.length);
  if (fits(true)) return undefined;
  const slot = fits(false);
  return slot && { address: slot.origin, content };
}
