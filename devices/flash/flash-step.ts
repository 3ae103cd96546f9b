/** What every way to flash is given, and how it is interrupted: between two commands, saying what the board holds now. */
import { WhittleError } from '../../compiler/errors.ts';

export interface FlashStep {
  /** A bar: `done` of `total`. */
  readonly progress: (label: string, done: number, total: number) => void;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws WhittleError with exit code 130 and the state of the board when the user has asked to stop. */
export function stopIfAsked({ signal }: FlashStep, state: string): void {
  if (signal?.aborted) throw new WhittleError('interrupted', 130, `interrupted: ${state}`);
}
