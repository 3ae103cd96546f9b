/** Real models and data for acceptance lie beside the repository; where they are absent the tests that need them are skipped, and say so. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { packageRoot } from '../compiler/root.ts';

const folder = process.env.WHITTLE_SHARED_DATA ?? join(packageRoot, '..', 'shared', 'data');
const present = existsSync(folder);

/** Path of a file in ../shared/data. */
export function sharedData(path: string): string {
  return join(folder, path);
}

/** `describe`, skipped with the reason in its title where ../shared/data is absent. */
export function describeWithSharedData(title: string, suite: () => void): void {
  if (present) describe(title, suite);
  else describe.skip(`${title} (skipped: ${folder} is absent)`, suite);
}
