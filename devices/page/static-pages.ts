/** The page that phones open, and what else a server of pages always has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/root.ts';
import { contentTypeOf } from '../content-type.ts';

const phonePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>whittle</title>
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  pre { white-space: pre-wrap; border-top: 1px solid; padding-top: .5rem; font-size: .9rem }
</style>
<h1>whittle</h1>
<p id="status" role="status">Connecting …</p>
<p id="awake">This browser does not let the page keep the screen on: do not let it go dark.</p>
<main id="results" aria-live="polite"></main>
<script type="module" src="/phone.js"></script>
</html>
`;

export interface StaticPage {
  readonly status: number;
  readonly content: string | Uint8Array;
  readonly type: string;
}

/** @param isInvited whether a token is still good; the page of another may only come back to where it was paired */
export function pagesFor(path: string, isInvited: (token: string) => boolean): StaticPage | undefined {
  const token = /^\/p\/([^/]+)$/.exec(path)?.[1];
  if (token !== undefined) return { status: isInvited(token) ? 200 : 403, content: phonePage, type: contentTypeOf('page.html') };
  if (path !== '/phone.js') return undefined;
  return { status: 200, content: readFileSync(join(packageRoot, 'dist', 'phone.js'), 'utf8'), type: contentTypeOf(path) };
}
