/** Programs that tests drive for real. With CI=true a missing one is a failure, else its tests are skipped and say so. */
import { spawnSync } from 'node:child_process';

/** Whether `tool` is on the PATH. @throws Error in CI when it is not. */
export function requireTool(tool: string): boolean {
  const present = spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  if (!present && process.env.CI === 'true') throw new Error(`${tool} is missing: with CI=true no test may be skipped for it`);
  if (!present) console.warn(`SKIPPED: ${tool} is not installed (Debian: apt-get install ${tool})`);
  return present;
}
