/** A folder of its own for each test file, removed at the end. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

export interface Scratch {
  readonly folder: string;
  /** Writes a file and returns its path. */
  write(name: string, content: Uint8Array | string): string;
  path(name: string): string;
}

export function scratchFolder(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    path: (name) => join(folder, name),
    write(name, content) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}
