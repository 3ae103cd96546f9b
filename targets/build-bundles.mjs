/** Bundles what runs outside Node into dist/: the parts of the emitted packages and the pages that devices open. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** ES modules: name in dist/ → source. */
const modules = {
  loader: 'targets/loader/loader.ts',
  'worker-server': 'targets/loader/worker-server.ts',
  'worker-client': 'targets/loader/worker-client.ts',
  cache: 'targets/loader/cache.ts',
  page: 'devices/browser/page.ts',
};

/** Classic scripts; a global name where others call into them. */
const scripts = {
  'inline-loader': { source: 'targets/loader/inline-loader.ts', globalName: 'whittleLoader' },
  bridge: { source: 'targets/mobile-webview/bridge.ts', globalName: 'whittleBridgeLoader' },
  'demo-page': { source: 'examples/mnist/page.ts' },
};

const options = { absWorkingDir: root, bundle: true, minify: true, target: 'es2022', outdir: 'dist', logLevel: 'warning' };
await build({ ...options, format: 'esm', entryPoints: modules });
for (const [name, { source, globalName }] of Object.entries(scripts))
  await build({ ...options, format: 'iife', entryPoints: { [name]: source }, ...(globalName && { globalName }) });
