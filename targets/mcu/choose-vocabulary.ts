/** Which vocabularies a package carries. */
import { UsageError } from '../../compiler/errors.ts';
import type { Board } from '../boards/board.ts';
import type { PackageOptions } from '../target.ts';
import { translatedVocabularies } from './build-runtime-c.ts';
import { type Vocabulary, vocabularyCodes } from './vocabulary.ts';

/** Every core runs the vocabularies that demand less than its own. */
function canRun(board: Board, vocabulary: Vocabulary): boolean {
  return vocabularyCodes[vocabulary] <= vocabularyCodes[board.vocabulary];
}

/** The best vocabulary that has kernels and that the board can run. */
export function boardVocabulary(board: Board): Vocabulary {
  return translatedVocabularies.findLast((vocabulary) => canRun(board, vocabulary)) as Vocabulary;
}

/**
 * One for a board or where one is asked for; else all of them, and the user's compiler selects.
 * @throws UsageError when there is no such vocabulary, or the board cannot run it.
 */
export function chooseVocabularies({ vocabulary }: PackageOptions, board: Board | undefined): readonly Vocabulary[] {
  if (vocabulary === 'auto' || (vocabulary === undefined && !board)) return translatedVocabularies;
  if (board && vocabulary === undefined) return [boardVocabulary(board)];
  const known = translatedVocabularies.find((candidate) => candidate === vocabulary);
  if (!known) throw new UsageError(`--vocabulary ${vocabulary}: unknown; known are ${translatedVocabularies.join(', ')}, auto`);
  if (board && !canRun(board, known))
    throw new UsageError(`--vocabulary ${known}: ${board.name} (${board.core}) cannot run it; its vocabulary is ${boardVocabulary(board)}`);
  return [known];
}
