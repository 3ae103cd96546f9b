/** In place of node:fs in the browser bundle: the files that were dropped on the page, in one flat folder. */
import { basename } from './paths.ts';

const files = new Map<string, Uint8Array>();
const folders = new Set<string>();

/** Replaces everything. @param added by path; what stands before a slash is a folder */
export function setFiles(added: ReadonlyMap<string, Uint8Array>): void {
  files.clear();
  folders.clear();
  for (const [path, bytes] of added) {
    files.set(path, bytes);
    const slash = path.lastIndexOf('/');
    if (slash > 0) folders.add(path.slice(0, slash));
  }
}

function missing(path: string): never {
  throw Object.assign(new Error(`${path} was not dropped on the page`), { code: 'ENOENT' });
}

/** Files dropped one by one have lost their folder: a name that occurs once is enough. */
export function readFileSync(path: string): Uint8Array {
  const name = basename(path);
  const namesakes = [...files.keys()].filter((other) => basename(other) === name);
  return files.get(path) ?? (namesakes.length === 1 ? (files.get(namesakes[0] as string) as Uint8Array) : missing(path));
}

export function readdirSync(folder: string): string[] {
  return [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
}

export function statSync(path: string): { isDirectory(): boolean } {
  if (!files.has(path) && !folders.has(path)) missing(path);
  return { isDirectory: () => folders.has(path) };
}

export function writeFileSync(path: string, content: Uint8Array | string): void {
  files.set(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
}

export function renameSync(from: string, to: string): void {
  files.set(to, readFileSync(from));
  files.delete(from);
}

export function rmSync(path: string): void {
  files.delete(path);
}

/** Folders are only the front of a path here. */
export function mkdirSync(folder: string): void {
  folders.add(folder);
}
