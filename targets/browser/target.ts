/** Target browser: an ESM package that fetches its files beside itself. */
import type { Target } from '../target.ts';
import { packageName, writeWebPackage } from '../web-package.ts';

const index = `import { Session } from './loader.js';

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(url + ': HTTP ' + response.status + '; serve the whole package folder');
  return new Uint8Array(await response.arrayBuffer());
}

export async function createSession(source = new URL('./model.whittle', import.meta.url)) {
  const model = source instanceof Uint8Array ? source : await bytes(source);
  return Session.create({
    model,
    simd: () => bytes(new URL('./runtime-simd.wasm', import.meta.url)),
    scalar: () => bytes(new URL('./runtime-scalar.wasm', import.meta.url)),
  });
}
`;

export const browserTarget: Target = {
  name: 'browser',
  package(model, folder, options) {
    const name = packageName(options.name ?? model.metadata.name);
    const input = model.metadata.inputs[0];
    const usage = `import { createSession } from './${name}/index.js';
const session = await createSession();
const pixels = new Uint8Array(session.inputs[0].length); // ${input?.name}: [${input?.shape.join(', ')}], e.g. from a canvas
const outputs = await session.run(pixels);
console.log(outputs);`;
    return writeWebPackage(model, folder, { name, index, usage });
  },
};
