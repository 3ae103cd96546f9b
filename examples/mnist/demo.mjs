/**
 * `npm run demo`: compiles the LeNet-5 of this folder to int8, evaluates it, measures it in Node, packs it for browsers
 * and writes one self-contained page (dist/demo/index.html) that runs it on the test images.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, unzipSync } from 'fflate';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const out = join(root, 'dist', 'demo');
mkdirSync(out, { recursive: true });

const show = (path) => relative(process.cwd(), path) || '.';

/** Runs one command of whittle and returns its JSON document. */
function whittle(...argv) {
  console.log(`$ npx whittle ${argv.map((argument) => (argument.startsWith(root) ? show(argument) : argument)).join(' ')}`);
  const stdout = execFileSync('node', [join(root, 'dist', 'whittle.js'), ...argv, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout);
}

/** The bytes of one uint8 array of an .npz file. */
function npzArray(files, name) {
  const bytes = files[`${name}.npy`];
  return bytes.subarray(10 + bytes[8] + 256 * bytes[9]);
}

const onnx = join(here, 'lenet5.onnx');
const calibration = join(here, 'calibration.dataset.json');
const test = join(here, 'test.dataset.json');
const packed = join(out, 'lenet5.whittle');
const packedFloat = join(out, 'lenet5-float32.whittle');
const packageFolder = join(out, 'package');

const compiled = whittle('compile', onnx, '--samples', calibration, '-o', packed);
const compiledFloat = whittle('compile', onnx, '--float', '-o', packedFloat);
const evaluated = whittle('eval', packed, '--samples', test, '--reference', onnx);
const int8 = whittle('bench', packed, '--on', 'node');
const float = whittle('bench', packedFloat, '--on', 'node');
whittle('build', packed, '--target', 'browser', '-o', packageFolder);

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const onnxBytes = readFileSync(onnx).length;
const rows = [
  ['', 'float32', 'int8', 'change'],
  [
    'model file',
    `${kilobytes(onnxBytes)} (ONNX)`,
    kilobytes(compiled.packedBytes),
    `${(onnxBytes / compiled.packedBytes).toFixed(1)}x smaller`,
  ],
  [
    'memory (arena)',
    kilobytes(compiledFloat.arenaBytes),
    kilobytes(compiled.arenaBytes),
    `${(compiledFloat.arenaBytes / compiled.arenaBytes).toFixed(1)}x smaller`,
  ],
  ['runtime (wasm, gzip)', kilobytes(float.codeGzipBytes), kilobytes(int8.codeGzipBytes), ''],
  [
    `accuracy (${evaluated.samples} images)`,
    percent(evaluated.float),
    percent(evaluated.int8),
    `${(100 * (evaluated.int8 - evaluated.float)).toFixed(2)} points`,
  ],
  ['same answer as float32', '', percent(evaluated.agreement), ''],
  [
    'latency in Node, median',
    `${float.medianUs.toFixed(1)} µs`,
    `${int8.medianUs.toFixed(1)} µs`,
    `${(float.medianUs / int8.medianUs).toFixed(1)}x faster`,
  ],
];

function printTable() {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log();
  for (const row of rows) console.log(`  ${row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[0]))).join('   ')}`);
  console.log();
}

/** The compiled model's answers in Node, through the package that a user would install. */
async function answersInNode(images) {
  const { Session } = await import(join(packageFolder, 'loader.js'));
  const file = (name) => async () => new Uint8Array(readFileSync(join(packageFolder, name)));
  const session = await Session.create({
    model: new Uint8Array(readFileSync(packed)),
    runtime: (variant) => file(`runtime-${variant}.wasm`)(),
  });
  const answers = [];
  for (let i = 0; i < images.length / 784; i++) {
    const probabilities = (await session.run(images.subarray(784 * i, 784 * (i + 1))))[session.outputs[0].name];
    answers.push(probabilities.indexOf(Math.max(...probabilities)));
  }
  return Uint8Array.from(answers);
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); --bad: #c62828; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem 1rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
#grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); gap: .75rem; }
figure { margin: 0; padding: .5rem; border: 1px solid var(--line); border-radius: .5rem; text-align: center; }
figure.wrong { border: 2px solid var(--bad); }
canvas { width: 100%; image-rendering: pixelated; border-radius: .25rem; }
figcaption { font-size: .8rem; }
@media print { figure { break-inside: avoid; } }`;

function page(data) {
  const cells = (row, tag) => row.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
  const [head, ...body] = rows;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>whittle: LeNet-5 in int8</title>
<style>${style}</style>
<h1>LeNet-5 on MNIST, carved to int8</h1>
<p>This file holds the packed model (${kilobytes(compiled.packedBytes)}), its WASM runtime (${kilobytes(int8.codeBytes)}) and ${evaluated.samples} test images. Nothing is loaded from the network; the answers below are computed by your browser, now.</p>
<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>
<p id="summary" aria-live="polite">Running …</p>
<div id="grid"></div>
<script id="data" type="application/json">${JSON.stringify(data)}</script>
<script>${readFileSync(join(root, 'dist', 'demo-page.js'), 'utf8').replaceAll('</script', '<\\/script')}</script>
</html>
`;
}

const digits = unzipSync(new Uint8Array(readFileSync(join(here, 'digits.npz'))));
const images = npzArray(digits, 'test');
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const html = page({
  model: base64(readFileSync(packed)),
  runtimes: Object.fromEntries(
    ['relaxed', 'simd', 'scalar'].map((name) => [name, base64(readFileSync(join(packageFolder, `runtime-${name}.wasm`)))]),
  ),
  images: base64(images),
  labels: base64(npzArray(digits, 'test_labels')),
  nodeAnswers: base64(await answersInNode(images)),
});
const file = join(out, 'index.html');
writeFileSync(file, html);
printTable();
console.log(
  `Open ${show(file)} in any browser (${kilobytes(html.length)}, ${kilobytes(gzipSync(Buffer.from(html)).length)} gzip): it runs the model on the test images.`,
);
