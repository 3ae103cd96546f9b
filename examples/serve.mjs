/**
 * `npm run example -- camera|drawing|keywords`: compiles the example's model, builds its browser package, and serves the
 * page on this machine (localhost is a secure origin: camera and microphone are allowed).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where each example's model and calibration samples lie, below examples/. */
const examples = {
  camera: { model: 'camera/shapes.onnx', samples: 'camera/calibration.dataset.json' },
  drawing: { model: 'mnist/lenet5.onnx', samples: 'mnist/calibration.dataset.json' },
  keywords: { model: 'keywords/keywords.onnx', samples: 'keywords/calibration.dataset.json' },
};

/** @returns the folder that holds the page and, in model/, the package */
export function buildExample(name) {
  const { model, samples } = examples[name];
  const folder = join(root, 'dist', 'examples', name);
  const whittle = (...args) =>
    execFileSync(process.execPath, [join(root, 'dist', 'whittle.js'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  mkdirSync(folder, { recursive: true });
  const packed = join(folder, `${name}.whittle`);
  whittle('compile', join(root, 'examples', model), '--samples', join(root, 'examples', samples), '--name', name, '-o', packed, '--quiet');
  whittle('build', packed, '--target', 'browser', '-o', join(folder, 'model'), '--quiet');
  for (const file of ['index.html', 'page.js', ...(name === 'keywords' ? ['features.mjs', 'recorder.js'] : [])])
    cpSync(join(root, 'examples', name, file), join(folder, file));
  return folder;
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** @param port 0: any that is free */
export function serve(folder, port = 0) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    try {
      const content = readFileSync(join(folder, path.endsWith('/') ? `${path}index.html` : path));
      response.writeHead(200, { 'content-type': types[extname(path) || '.html'] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () => resolve({ server, url: `http://localhost:${server.address().port}/` })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const name = process.argv[2];
  if (!examples[name]) {
    console.error(`npm run example -- ${Object.keys(examples).join('|')}`);
    process.exit(2);
  }
  const { url } = await serve(buildExample(name), 8000);
  console.log(`${name}: open ${url}`);
}
