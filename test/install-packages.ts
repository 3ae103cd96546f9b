/** npm packages that tests and benches run but the project does not depend on: in a folder of their own in whittle's cache. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../targets/build-runtime.ts';

function isInstalled(folder: string, versions: Readonly<Record<string, string>>): boolean {
  try {
    return Object.entries(versions).every(
      ([name, version]) => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version === version,
    );
  } catch {
    return false;
  }
}

/**
 * Installs them unless they are there; none of their scripts runs.
 * @param name of the folder
 * @param versions exact ones, by package
 * @param flags more of `npm install`
 * @returns the folder that holds node_modules
 * @throws Error when npm fails, which has told why.
 */
export function installPackages(name: string, versions: Readonly<Record<string, string>>, ...flags: string[]): string {
  const folder = join(cacheFolder(), name);
  if (isInstalled(folder, versions)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: versions }));
  execFileSync('npm', ['install', '--silent', '--ignore-scripts', ...flags], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}
