/** Before any test: what the compiler loads at run time (the runtime with every kernel, the bundled loader and page) and the program, made from the sources as they are, and the program itself. */
import { execFileSync } from 'node:child_process';
import { packageRoot } from '../compiler/root.ts';

export default function setup(): void {
  for (const script of ['build:runtime', 'build:bundles', 'build:compiler'])
    execFileSync('npm', ['run', '--silent', script], { cwd: packageRoot, stdio: 'inherit' });
}
