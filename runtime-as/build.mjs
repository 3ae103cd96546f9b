/** Builds dist/runtime-as/{scalar,simd,relaxed,board-scalar,board-dsp,board-mve}.wasm with every kernel, and linalg.wasm for the compiler, unless the same sources were built before. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(folder, '..', 'dist', 'runtime-as');
const cache = process.env.WHITTLE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'whittle');

const hash = createHash('sha256').update(readFileSync(join(folder, '..', 'package-lock.json')));
const sources = readdirSync(folder, { recursive: true }).filter((name) => /\.(ts|json|mjs)$/.test(name));
for (const name of sources.sort()) hash.update(name).update(readFileSync(join(folder, name)));
const key = hash.digest('hex').slice(0, 32);

mkdirSync(output, { recursive: true });
mkdirSync(cache, { recursive: true });
const targets = [
  ...['scalar', 'simd', 'relaxed', 'board-scalar', 'board-dsp', 'board-mve'].map((target) => [target, 'asconfig.json']),
  ['linalg', join('linalg', 'asconfig.json')],
];
for (const [target, config] of targets) {
  const built = join(output, `${target}.wasm`);
  const note = join(output, `${target}.key`);
  if (existsSync(built) && existsSync(note) && readFileSync(note, 'utf8') === key) continue;
  const cached = join(cache, `${key}-${target}.wasm`);
  if (existsSync(cached)) copyFileSync(cached, built);
  else {
    // 100 MB of compiler: only loaded where something is really built.
    const { default: asc } = await import('assemblyscript/asc');
    // The twins of the boards' kernels also prepare weights for board images.
    const board = target.startsWith('board-') ? [join(folder, 'board.ts')] : [];
    const entries = target === 'linalg' ? [] : [join(folder, 'inspect.ts'), ...board];
    const { error, stderr } = await asc.main([...entries, '--config', join(folder, config), '--target', target]);
    const messages = stderr.toString();
    if (messages) console.error(messages);
    if (error) process.exit(1);
    // Two builds may run at once: each writes its own file and renames it.
    copyFileSync(built, `${cached}.${process.pid}`);
    renameSync(`${cached}.${process.pid}`, cached);
  }
  writeFileSync(note, key);
}
