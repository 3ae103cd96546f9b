/** The inline build: loader, runtimes and model in one script, for file:// pages, webviews and everything that cannot fetch. */
import type { PackedModel } from '../../compiler/packed/read.ts';
import { fitsRelaxed } from '../kernel-needs.ts';
import { bundle, type Runtimes } from '../web-package.ts';

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/**
 * A function body that returns { createSession, createWorkerSession }. The worker is made from the text of the loader's
 * own function, so that no second file is needed; it decodes base64 with atob, not fetch, which a
 * Content-Security-Policy may forbid.
 */
function body(model: PackedModel, runtimes: Runtimes): string {
  const encoded = Object.entries(runtimes).map(([variant, wasm]) => `${variant}: '${base64(wasm)}'`);
  const fits = fitsRelaxed(model) ? ', fits: true' : '';
  return `const loader = function () { ${bundle('inline-loader.js').trim()} return whittleLoader; };
const { Session, WorkerSession, decodeBase64, expandModel: expand, imagePixels, modelSource } = loader();
const image = async () => ({ imagePixels });
const model = '${base64(model.file)}';
const runtimes = { ${encoded.join(', ')} };
const runtime = async (variant) => decodeBase64(runtimes[variant]);

async function createSession(source = decodeBase64(model), options = {}) {
  return Session.create({ model: modelSource(source, options), runtime, expand, image${fits} });
}

async function createWorkerSession(source = decodeBase64(model), { signal } = {}) {
  const main = 'const { Session, serveSession, decodeBase64, expandModel: expand, imagePixels } = (' + loader + ')();' +
    'const image = async () => ({ imagePixels });' +
    'serveSession(({ model, runtimes }) => Session.create({ model, runtime: async (variant) => decodeBase64(runtimes[variant]), expand, image${fits} }));';
  const url = URL.createObjectURL(new Blob([main], { type: 'text/javascript' }));
  try {
    return await WorkerSession.create(new Worker(url), { model: source, runtimes }, signal);
  } finally {
    URL.revokeObjectURL(url);
  }
}
`;
}

/** An ES module with everything in it. */
export function inlineModule(model: PackedModel, runtimes: Runtimes): string {
  return `${body(model, runtimes)}\nexport { createSession, createWorkerSession };\n`;
}

/** A classic script that defines one global variable. */
export function inlineScript(model: PackedModel, runtimes: Runtimes, globalName: string): string {
  return `var ${globalName} = (function () {\n'use strict';\n${body(model, runtimes)}\nreturn { createSession, createWorkerSession };\n})();\n`;
}

/** A JavaScript name for the package: mobile-net-v2 → mobileNetV2. */
export function globalName(packageName: string): string {
  const name = packageName.replace(/-+(.)/g, (_, letter: string) => letter.toUpperCase()).replace(/-/g, '');
  return /^[a-z]/i.test(name) ? name : `model${name}`;
}
