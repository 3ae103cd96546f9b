/** Bundles what runs outside Node into dist/: the parts of the emitted packages and the pages that devices open. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** ES modules: name in dist/ → source. */
const modules = {
  loader: 'targets/loader/loader.ts',
  'threads-loader': 'targets/loader/threads-loader.ts',
  expand: 'targets/loader/expand.ts',
  image: 'targets/loader/image.ts',
  'worker-server': 'targets/loader/worker-server.ts',
  'worker-client': 'targets/loader/worker-client.ts',
  cache: 'targets/loader/cache.ts',
  thread: 'targets/loader/thread.ts',
  'thread-node': 'targets/loader/thread-node.ts',
  page: 'devices/browser/page.ts',
  phone: 'devices/page/phone.ts',
};

/** Classic scripts; a global name where others call into them. */
const scripts = {
  'inline-loader': { source: 'targets/loader/inline-loader.ts', globalName: 'whittleLoader' },
  bridge: { source: 'targets/mobile-webview/bridge.ts', globalName: 'whittleBridgeLoader' },
  'demo-page': { source: 'examples/mnist/page.ts' },
};

const options = { absWorkingDir: root, bundle: true, minify: true, target: 'es2022', outdir: 'dist', logLevel: 'warning' };
await build({ ...options, format: 'esm', entryPoints: modules, external: ['node:worker_threads'] });
for (const [name, { source, globalName }] of Object.entries(scripts))
  await build({ ...options, format: 'iife', entryPoints: { [name]: source }, ...(globalName && { globalName }) });

/** The compiler for browsers: what only Node has comes from devices/playground. */
const standIns = {
  'node:fs': 'memory-files.ts',
  'node:path': 'paths.ts',
  'node:crypto': 'hashes.ts',
  'node:zlib': 'hashes.ts',
};
const playground = join(root, 'devices', 'playground');
const forBrowsers = {
  name: 'for-browsers',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path, importer }) =>
      standIns[path]
        ? { path: join(playground, standIns[path]) }
        : { errors: [{ text: `${importer}: ${path} has no stand-in for browsers` }] },
    );
    bundler.onResolve({ filter: /\/root\.ts$/ }, ({ importer }) =>
      importer.startsWith(playground) ? undefined : { path: join(playground, 'root.ts') },
    );
  },
};
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
await build({
  ...options,
  format: 'iife',
  outdir: 'dist/playground',
  entryPoints: { page: 'devices/playground/page.ts', worker: 'devices/playground/worker.ts' },
  plugins: [forBrowsers],
  define: { WHITTLE_VERSION: JSON.stringify(version), global: 'globalThis' },
});
mkdirSync(join(root, 'dist', 'playground'), { recursive: true });
cpSync(join(playground, 'index.html'), join(root, 'dist', 'playground', 'index.html'));
for (const variant of ['scalar', 'simd', 'relaxed'])
  cpSync(join(root, 'dist', 'runtime-as', `${variant}.wasm`), join(root, 'dist', 'playground', `runtime-${variant}.wasm`));
