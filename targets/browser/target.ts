/** Target browser: one folder with an ES module that fetches its files, an inline module, a classic script, and a worker. */
import { createHash } from 'node:crypto';
import type { PackedModel } from '../../compiler/packed/read.ts';
import { cacheDeclarations, inlineDeclarations, sessionDeclarations, typeDeclarations, workerDeclarations } from '../declarations.ts';
import type { Target } from '../target.ts';
import {
  buildRuntimes,
  bundle,
  loaderImports,
  manifest,
  packageName,
  readme,
  sessionFiles,
  sessionSources,
  threadFiles,
  threadVariants,
  webVariants,
  writeWebPackage,
} from '../web-package.ts';
import { globalName, inlineModule, inlineScript } from './inline.ts';

/** Each address is written out: bundlers find `new URL('./file', import.meta.url)` only where it stands literally. */
function runtimeUrls(variants: readonly string[], suffix = ''): string {
  return variants.map((variant) => `  ${variant}: () => new URL('./runtime-${variant}${suffix}.wasm', import.meta.url),`).join('\n');
}

const threads = `
const threadRuntimes = {
${runtimeUrls(threadVariants, '-threads')}
};

const threads = threadedEngines(
  (variant) => fetchFile(threadRuntimes[variant]()),
  () => new Worker(new URL('./thread.js', import.meta.url), { type: 'module' }),
);
`;

function index(model: PackedModel, withThreads: boolean): string {
  return `${loaderImports(['fetchFile', 'modelSource', 'Session'], model, withThreads)}
const runtimes = {
${runtimeUrls(webVariants)}
};
${withThreads ? threads : ''}
export async function createSession(source = new URL('./model.whittle', import.meta.url), options = {}) {
  const model = modelSource(source, options);
  const runtime = (variant) => fetchFile(runtimes[variant](), { signal: options.signal });
  return Session.create({ ${sessionSources(model, withThreads)} }, options);
}
`;
}

const worker = `import { createSession } from './index.js';
import { serveSession } from './worker-server.js';

serveSession(createSession);
`;

const workerSession = `import { WorkerSession } from './worker-client.js';

export async function createWorkerSession(source, { signal } = {}) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return WorkerSession.create(worker, source instanceof URL ? source.href : source, signal);
}
`;

function cache(name: string, sha256: string): string {
  return `import { cachedBytes } from './cache.js';

export function cachedModel(options = {}) {
  const url = new URL('./model.whittle', import.meta.url);
  return cachedBytes(url, { ...options, sha256: '${sha256}', cacheName: 'whittle-${name}' });
}
`;
}

function usage(name: string, model: PackedModel): string {
  const { inputs } = model.metadata;
  const input = inputs[0];
  const js = (code: string) => `\`\`\`js\n${code}\n\`\`\``;
  return `${js(`import { createSession } from './${name}/index.js';
const session = await createSession();
const pixels = new Uint8Array(session.inputs[0].length); // ${input?.name}: [${input?.shape.join(', ')}], or a picture where the input is one
const outputs = await session.run(pixels);
console.log(outputs);`)}

| entry | for |
|---|---|
| \`index.js\` | pages and bundlers that understand \`new URL('./file', import.meta.url)\` (Vite, webpack 5), import maps |
| \`inline.js\` | every bundler; nothing is fetched. (Rollup and esbuild leave \`new URL\` as it is: with \`index.js\`, copy this folder's files beside their bundle, and let Rollup write a folder: \`--dir\`.) |
| \`${name}.iife.js\` | \`<script>\`, file:// pages, webviews: defines \`${globalName(name)}\`; nothing is fetched |
| \`worker-session.js\` | \`createWorkerSession()\`: the same in a worker, with a queue and AbortSignal |
| \`cached-model.js\` | \`createSession(await cachedModel())\`: the model stays in the browser, checked by its SHA-256 |

A Content-Security-Policy must allow \`script-src 'self' 'wasm-unsafe-eval'\`; the worker of the inline builds also needs \`worker-src blob:\`.
\`precache.json\` lists the files with sizes and SHA-256 for a service worker.`;
}

function precache(files: Readonly<Record<string, string | Uint8Array>>): string {
  const entries = Object.keys(files).map((url) => {
    const bytes = Buffer.from(files[url] as string | Uint8Array);
    return { url, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

export const browserTarget: Target = {
  name: 'browser',
  async package(model, folder, options) {
    const name = packageName(options.name ?? model.metadata.name);
    const runtimes = await buildRuntimes(model);
    const sha256 = createHash('sha256').update(model.file).digest('hex');
    const modules = {
      'index.js': index(model, options.threads === true),
      ...sessionFiles(model, runtimes, options.threads === true),
    };
    return writeWebPackage(folder, model, runtimes, {
      ...modules,
      ...(options.threads && (await threadFiles(model, 'thread.js'))),
      'index.d.ts': sessionDeclarations,
      'types.d.ts': typeDeclarations(model),
      'inline.js': inlineModule(model, runtimes),
      'inline.d.ts': inlineDeclarations,
      [`${name}.iife.js`]: inlineScript(model, runtimes, globalName(name)),
      'worker.js': worker,
      'worker-server.js': bundle('worker-server.js'),
      'worker-client.js': bundle('worker-client.js'),
      'worker-session.js': workerSession,
      'worker-session.d.ts': workerDeclarations,
      'cache.js': bundle('cache.js'),
      'cached-model.js': cache(name, sha256),
      'cached-model.d.ts': cacheDeclarations,
      'precache.json': precache(modules),
      'package.json': manifest(name, { '.': 'index', './inline': 'inline', './worker': 'worker-session', './cache': 'cached-model' }),
      'README.md': readme(model, name, usage(name, model)),
    });
  },
};
