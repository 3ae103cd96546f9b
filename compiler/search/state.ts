/**
 * What a search has measured, in a file beside its output: Ctrl-C loses nothing, and a second call, with the same goal or
 * another one, measures nothing twice.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeOutputFile } from '../files.ts';
import type { Fidelity, Measured } from './laboratory.ts';

const VERSION = 1;

export class SearchState {
  private constructor(
    private readonly path: string,
    private readonly digest: string,
    private readonly trials: Map<string, Measured>,
  ) {}

  /**
   * @param digest of everything but the goal: a file of another model, other samples or another version is not read
   * @returns also how many measurements it holds, and whether a file of something else was there
   */
  static open(path: string, digest: string): { state: SearchState; isForeign: boolean } {
    const saved = existsSync(path) ? readSaved(path) : undefined;
    const isOurs = saved?.digest === digest;
    const trials = new Map(isOurs ? Object.entries(saved.trials) : []);
    return { state: new SearchState(path, digest, trials), isForeign: existsSync(path) && !isOurs };
  }

  get count(): number {
    return this.trials.size;
  }

  find(recipe: string, fidelity: Fidelity): Measured | undefined {
    return this.trials.get(keyOf(recipe, fidelity));
  }

  record(recipe: string, fidelity: Fidelity, measured: Measured): void {
    this.trials.set(keyOf(recipe, fidelity), measured);
    writeOutputFile(this.path, `${JSON.stringify({ version: VERSION, digest: this.digest, trials: Object.fromEntries(this.trials) })}\n`);
  }
}

function keyOf(recipe: string, fidelity: Fidelity): string {
  return createHash('sha256').update(fidelity).update('\0').update(recipe).digest('hex');
}

interface Saved {
  readonly version: number;
  readonly digest: string;
  readonly trials: Readonly<Record<string, Measured>>;
}

/** undefined where the file is damaged or of another version: what it held is measured again. */
function readSaved(path: string): Saved | undefined {
  try {
    const saved = JSON.parse(readFileSync(path, 'utf8')) as Saved;
    return saved.version === VERSION && typeof saved.trials === 'object' ? saved : undefined;
  } catch {
    return undefined;
  }
}
