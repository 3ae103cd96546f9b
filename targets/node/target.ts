/** Target node: an ESM package that reads its files from disk. */
import type { Target } from '../target.ts';
import { packageName, writeWebPackage } from '../web-package.ts';

const index = `import { readFile } from 'node:fs/promises';
import { Session } from './loader.js';

const file = (name) => () => readFile(new URL(name, import.meta.url));

export async function createSession(source = new URL('./model.whittle', import.meta.url)) {
  const model = source instanceof Uint8Array ? source : await readFile(source);
  return Session.create({ model, simd: file('./runtime-simd.wasm'), scalar: file('./runtime-scalar.wasm') });
}
`;

export const nodeTarget: Target = {
  name: 'node',
  package(model, folder, options) {
    const name = packageName(options.name ?? model.metadata.name);
    const input = model.metadata.inputs[0];
    const usage = `import { createSession } from '${name}';
const session = await createSession();
const input = new Float32Array(session.inputs[0].length); // ${input?.name}: [${input?.shape.join(', ')}]
const outputs = await session.run(input);
console.log(outputs);`;
    return writeWebPackage(model, folder, { name, index, usage });
  },
};
