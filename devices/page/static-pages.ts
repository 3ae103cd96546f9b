/** The page that phones open, and what else a server of pages always has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/root.ts';
import { plainPage } from '../browser/plain-page.ts';
import { contentTypeOf } from '../content-type.ts';

const phonePage = plainPage(`<h1>whittle</h1>
<p id="status" role="status">Connecting …</p>
<p id="awake">This browser does not let the page keep the screen on: do not let it go dark.</p>
<main id="whittle-results" aria-live="polite"></main>
<script type="module" src="/phone.js"></script>`);

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
