/** Target node: an ESM package that reads its files from disk. */
import type { PackedModel } from '../../compiler/packed/read.ts';
import { sessionDeclarations, typeDeclarations } from '../declarations.ts';
import type { Target } from '../target.ts';
import {
  buildRuntimes,
  loaderImports,
  manifest,
  packageName,
  readme,
  sessionFiles,
  sessionSources,
  threadFiles,
  writeWebPackage,
} from '../web-package.ts';

const threads = `
const threads = threadedEngines(
  (variant) => readFile(new URL('./runtime-' + variant + '-threads.wasm', import.meta.url)),
  () => new Worker(new URL('./thread.js', import.meta.url)),
);
`;

function index(model: PackedModel, withThreads: boolean): string {
  return `import { readFile } from 'node:fs/promises';
${withThreads ? "import { Worker } from 'node:worker_threads';\n" : ''}${loaderImports(['modelSource', 'Session'], model, withThreads)}${withThreads ? threads : ''}
export async function createSession(source = new URL('./model.whittle', import.meta.url), options = {}) {
  const isFile = source instanceof URL ? source.protocol === 'file:' : typeof source === 'string' && !/^https?:/.test(source);
  const model = isFile ? new Uint8Array(await readFile(source, options)) : modelSource(source, options);
  const runtime = (variant) => readFile(new URL('./runtime-' + variant + '.wasm', import.meta.url));
  return Session.create({ ${sessionSources(model, withThreads)} }, options);
}
`;
}

function usage(name: string, input: string, shape: readonly number[]): string {
  return `\`\`\`js
import { createSession } from '${name}';
const session = await createSession();
const input = new Float32Array(session.inputs[0].length); // ${input}: [${shape.join(', ')}]
const outputs = await session.run(input);
console.log(outputs);
\`\`\``;
}

export const nodeTarget: Target = {
  name: 'node',
  async package(model, folder, options) {
    const name = packageName(options.name ?? model.metadata.name);
    const runtimes = await buildRuntimes(model);
    const { name: input = '', shape = [] } = model.metadata.inputs[0] ?? {};
    return writeWebPackage(folder, model, runtimes, {
      'index.js': index(model, options.threads === true),
      ...(options.threads && (await threadFiles(model, 'thread-node.js'))),
      'index.d.ts': sessionDeclarations,
      'types.d.ts': typeDeclarations(model),
      ...sessionFiles(model, runtimes, options.threads === true),
      'package.json': manifest(name, { '.': 'index' }),
      'README.md': readme(model, name, usage(name, input, shape)),
    });
  },
};
