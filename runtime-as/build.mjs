/** Builds dist/runtime-as/{scalar,simd,board-scalar,board-dsp}.wasm with every kernel, and linalg.wasm for the compiler, when a source is newer. */
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
const targets = [
  ...['scalar', 'simd', 'board-scalar', 'board-dsp'].map((target) => [target, 'asconfig.json']),
  ['linalg', join('linalg', 'asconfig.json')],
];
for (const [target, config] of targets) {
  if (modified(join(output, `${target}.wasm`)) > newest) continue;
  const { error, stderr } = await asc.main(['--config', join(folder, config), '--target', target]);
  const messages = stderr.toString();
  if (messages) console.error(messages);
  if (error) process.exit(1);
}
