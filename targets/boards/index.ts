/** The one list of boards. */
import { UsageError } from '../../compiler/errors.ts';
import type { Board } from './board.ts';
import { esp32Boards } from './esp32.ts';
import { nrfBoards } from './nrf.ts';
import { qemuBoards } from './qemu.ts';
import { rp2Boards } from './rp2.ts';
import { samdBoards } from './samd.ts';
import { stm32f4Boards } from './stm32f4.ts';
import { stm32h7Boards } from './stm32h7.ts';
import { stm32l4Boards } from './stm32l4.ts';
import { stm32u5Boards } from './stm32u5.ts';

export const boards: readonly Board[] = [
  ...stm32f4Boards,
  ...stm32l4Boards,
  ...stm32h7Boards,
  ...stm32u5Boards,
  ...rp2Boards,
  ...esp32Boards,
  ...nrfBoards,
  ...samdBoards,
  ...qemuBoards,
];

/** @throws UsageError for an unknown name, with the known ones. */
export function boardNamed(name: string): Board {
  const board = boards.find((candidate) => candidate.name === name);
  if (!board) throw new UsageError(`--board ${name}: unknown board; known are ${boards.map((known) => known.name).join(', ')}`);
  return board;
}
