/** A slot holds a model from the start, as if it had been uploaded: flash that QEMU's guest cannot write (STM32), or any on request. */
import type { Board } from '../../targets/boards/board.ts';
import { slotContent } from '../serial/record.ts';
import { wirings } from '../serial/wiring.ts';
import type { Preload } from './machine.ts';

/**
 * @param always also where the image can be uploaded
 * @returns what to preload; undefined where the image has to be uploaded, or fits into no slot
 */
export function preloadOf(board: Board, image: Uint8Array, always = false): Preload | undefined {
  const slots = wirings[board.name]?.memory.slots ?? [];
  const content = slotContent(image, 1);
  const fits = (writable: boolean) => slots.find((slot) => slot.writable === writable && slot.bytes >= content.length);
  const uploadable = fits(true);
  if (uploadable && !always) return undefined;
  const slot = uploadable ?? fits(false);
  return slot && { address: slot.origin, content };
}
