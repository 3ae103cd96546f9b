/** Imports run one way: devices → targets → compiler → runtime-as/format.ts; runtime-as imports nothing outside itself (architecture.md 1). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../compiler/root.ts';

const mayImport: Readonly<Record<string, readonly string[]>> = {
  'runtime-as': ['runtime-as'],
  compiler: ['compiler', 'runtime-as/format.ts'],
  targets: ['targets', 'compiler', 'runtime-as/format.ts', 'runtime-as/board-image.ts'],
  devices: ['devices', 'targets', 'compiler', 'runtime-as/format.ts', 'runtime-as/board-image.ts'],
};

function relativeImports(folder: string): { file: string; imported: string }[] {
  const files = readdirSync(join(packageRoot, folder), { recursive: true }).map(String);
  return files
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(packageRoot, file), 'utf8');
      return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]*)['"]/g)].map((match) => ({
        file,
        imported: relative(packageRoot, join(packageRoot, dirname(file), match[1] as string)),
      }));
    });
}

test.for(Object.keys(mayImport))('%s imports only what lies before it on the road', (folder) => {
  const allowed = mayImport[folder] as readonly string[];
  const imports = relativeImports(folder);
  expect(imports.length).toBeGreaterThan(0);
  const wrong = imports.filter(({ imported }) => !allowed.some((prefix) => imported === prefix || imported.startsWith(`${prefix}/`)));
  expect(wrong).toEqual([]);
});

test('the loader and the page run without Node: they import nothing of node:', () => {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(packageRoot, file), 'utf8').replaceAll(/^import type .*$/gm, '');
    expect(text, file).not.toMatch(/from 'node:/);
    for (const match of text.matchAll(/from '(\.[^']*)'/g))
      visit(relative(packageRoot, join(packageRoot, dirname(file), match[1] as string)));
  };
  for (const entry of ['targets/loader/session.ts', 'devices/browser/page.ts', 'examples/mnist/page.ts']) visit(entry);
  expect(seen.size).toBeGreaterThan(5);
});
