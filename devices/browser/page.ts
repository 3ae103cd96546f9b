/** Runs inside the browser; bundled to dist/page.js. Devices call `whittle(name, …)` in the page; with `?worker` the model runs in a worker, which is this file again. */
import { type PageCall, pageCall, serveWorker } from './page-call.ts';

if (typeof document === 'undefined') serveWorker();
else {
  const whittle = pageCall(new URLSearchParams(location.search).has('worker') ? '/page.js' : undefined);
  (globalThis as unknown as { whittle: PageCall }).whittle = whittle;
}
