/** Runs inside the browser; bundled to dist/page.js. Devices call `whittle(name, …)` in the page; its worker is this file again. */
import { type PageCall, pageCall, serveWorker } from './page-call.ts';

if (typeof document === 'undefined') serveWorker();
else {
  const whittle = pageCall({ workerScript: '/page.js' });
  (globalThis as unknown as { whittle: PageCall }).whittle = whittle;
}
