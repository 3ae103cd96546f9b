/** Before any test: the runtime with every kernel, when its sources are newer than the build. */
import { execFileSync } from 'node:child_process';
import { packageRoot } from '../compiler/root.ts';

export default function setup(): void {
  execFileSync('node', ['runtime-as/build.mjs'], { cwd: packageRoot, stdio: 'inherit' });
}
