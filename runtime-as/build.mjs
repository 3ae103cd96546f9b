/** Builds dist/runtime-as/{scalar,simd,board-scalar,board-dsp}.wasm with every kernel, when a source is newer than the build. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(folder, '..', 'dist', 'runtime-as');

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const sources = readdirSync(folder, { recursive: true }).filter((name) => /\.(ts|json|mjs)$/.test(name));
const newest = Math.max(...sources.map((name) => modified(join(folder, name))));

mkdirSync(output, { recursive: true });
for (const target of ['scalar', 'simd', 'board-scalar', 'board-dsp']) {
  if (modified(join(output, `${target}.wasm`)) > newest) continue;
  const { error, stderr } = await asc.main(['--config', join(folder, 'asconfig.json'), '--target', target]);
  const messages = stderr.toString();
  if (messages) console.error(messages);
  if (error) process.exit(1);
}
