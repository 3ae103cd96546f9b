/** Files of the user's: read with an error that says what to check, written whole or not at all. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputFileError } from './errors.ts';

/** @throws InputFileError when the file cannot be read. */
export function readInputFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    // A copy of its own: typed arrays over it need aligned offsets.
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputFileError(`${path}: ${missing ? 'does not exist' : `cannot be read (${(error as Error).message})`}; check the path`, {
      cause: error,
    });
  }
}

const temporaries = new Set<string>();

/** Never fails: it cleans up after an error that must not be hidden by another. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder itself may not exist.
  }
}

/**
 * Writes to a temporary name beside `path` and renames it, so that nobody sees half a file; makes the folder.
 * @throws InputFileError when that is not possible.
 */
export function writeOutputFile(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  temporaries.add(temporary);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    throw new InputFileError(`${path}: cannot be written (${(error as Error).message}); choose another place with -o`, { cause: error });
  } finally {
    remove(temporary);
    temporaries.delete(temporary);
  }
}

/** Removes what an interrupted `writeOutputFile` left. */
export function removeTemporaryFiles(): void {
  for (const temporary of temporaries) remove(temporary);
}
