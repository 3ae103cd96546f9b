/** The playground as files to serve: what `npm run build` put into dist/playground. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/root.ts';

/** By path with a leading slash, below `prefix`; the folder itself gives the page. */
export function playgroundFiles(prefix = ''): Map<string, Uint8Array> {
  const folder = join(packageRoot, 'dist', 'playground');
  const files = new Map<string, Uint8Array>(
    readdirSync(folder).map((name) => [`${prefix}/${name}`, new Uint8Array(readFileSync(join(folder, name)))]),
  );
  return files.set(`${prefix}/`, files.get(`${prefix}/index.html`) as Uint8Array);
}
