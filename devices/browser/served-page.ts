/** A page in a browser that can open addresses of this machine: serves it, opens it, calls it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../../compiler/errors.ts';
import { packageRoot } from '../../compiler/root.ts';
import type { DeviceOptions } from '../device.ts';
import type { Browser, Evaluate } from './engine.ts';
import { plainPage } from './plain-page.ts';
import { MemoryServer } from './server.ts';
import type { Call, WebHost } from './web-host.ts';

/** The script of page.ts, as `npm run build` bundled it. */
export function pageScript(): string {
  return readFileSync(join(packageRoot, 'dist', 'page.js'), 'utf8');
}

const page = plainPage(`<h1>whittle</h1>
<main id="whittle-results" aria-live="polite"></main>
<script type="module" src="/page.js"></script>`);

/** A promise inside the page would die with the tab's first, blank document: the host asks again and again instead. */
export async function loaded(evaluate: Evaluate): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 30_000; ) {
    if (await evaluate("typeof whittle !== 'undefined'").catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new DeviceError('the page did not load within 30 s; is the machine overloaded?', 7);
}

/** Calls `whittle(name, …)` of page.ts. */
export function callBy(evaluate: Evaluate): Call {
  return (name, ...parameters) => evaluate(`whittle(${[name, ...parameters].map((value) => JSON.stringify(value)).join(', ')})`);
}

export interface ServedPageOptions extends DeviceOptions {
  /** Address of this machine that the browser reaches; default: loopback. */
  readonly address?: string;
  /** Called with the port before the page opens, e.g. to make it known to a phone; returns the origin that the browser opens. */
  readonly announce?: (port: number) => Promise<string>;
}

/** Opens the page; `browser` belongs to the host from now on, whatever happens. */
export async function openServedPage(
  browser: Browser,
  host: Pick<WebHost, 'name' | 'facts' | 'conditions'>,
  { address = '127.0.0.1', announce, isolated = true }: ServedPageOptions,
): Promise<WebHost> {
  const files = new Map<string, string | Uint8Array>([
    ['/index.html', page],
    ['/page.js', pageScript()],
  ]);
  let server: MemoryServer | undefined;
  const close = async () => {
    await browser.close();
    await server?.stop();
  };
  try {
    server = await MemoryServer.start(files, { address, isolated });
    const origin = (await announce?.(server.port)) ?? server.origin;
    const evaluate = await browser.openPage(`${origin}/index.html`);
    await loaded(evaluate);
    const serve = (name: string, content: string | Uint8Array) => {
      files.set(`/${name}`, content);
      return `/${name}`;
    };
    return { ...host, facts: { browser: await browser.version(), ...host.facts }, origin, call: callBy(evaluate), serve, close };
  } catch (error) {
    await close();
    throw error;
  }
}
