/** Writes a package: all of its files, or none. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputFileError } from '../compiler/errors.ts';

/**
 * Writes everything to a temporary folder beside `folder` first, then moves file by file: what else lies in `folder` stays.
 * @param files path relative to `folder` (with /) → content
 * @throws InputFileError when that is not possible.
 */
export function writeFolder(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const target = resolve(folder);
  let temporary: string | undefined;
  try {
    mkdirSync(dirname(target), { recursive: true });
    temporary = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(temporary, name)), { recursive: true });
      writeFileSync(join(temporary, name), content);
    }
    for (const name of Object.keys(files)) {
      mkdirSync(dirname(join(target, name)), { recursive: true });
      renameSync(join(temporary, name), join(target, name));
    }
  } catch (error) {
    throw new InputFileError(`${folder}: cannot be written (${(error as Error).message}); choose another folder with -o`, { cause: error });
  } finally {
    if (temporary) rmSync(temporary, { recursive: true, force: true });
  }
}
