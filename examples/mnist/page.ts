/** The page that `npm run demo` writes: runs the packed model on the test images in this browser. Bundled to dist/demo-page.js. */
import { Session } from '../../targets/loader/session.ts';
import { decodeBase64 } from '../../targets/loader/source.ts';

/** Base64 parts that demo.mjs puts into the page. */
interface DemoData {
  readonly model: string;
  /** By variant. */
  readonly runtimes: Readonly<Record<string, string>>;
  /** uint8 [count, 28, 28] */
  readonly images: string;
  /** uint8 [count] */
  readonly labels: string;
  /** Arg-max of the compiled model over the same images in Node. */
  readonly nodeAnswers: string;
}

const SIDE = 28;
const PIXELS = SIDE * SIDE;

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function argMax(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}

function drawDigit(pixels: Uint8Array): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(SIDE, SIDE);
  pixels.forEach((value, i) => image.data.set([255 - value, 255 - value, 255 - value, 255], i * 4));
  context.putImageData(image, 0, 0);
  return canvas;
}

function card(pixels: Uint8Array, answer: number, label: number, confidence: number): HTMLElement {
  const figure = document.createElement('figure');
  figure.className = answer === label ? 'right' : 'wrong';
  const caption = document.createElement('figcaption');
  const expected = answer === label ? '' : ` (is ${label})`;
  caption.textContent = `${answer}${expected} · ${(100 * confidence).toFixed(0)}\u00a0%`;
  const canvas = drawDigit(pixels);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `handwritten ${label}, recognised as ${answer}`);
  figure.append(canvas, caption);
  return figure;
}

async function main(): Promise<void> {
  const data = JSON.parse(element('data').textContent as string) as DemoData;
  const session = await Session.create({
    model: decodeBase64(data.model),
    runtime: async (variant) => decodeBase64(data.runtimes[variant] as string),
  });
  const output = session.outputs[0]?.name as string;
  const images = decodeBase64(data.images);
  const labels = decodeBase64(data.labels);
  const nodeAnswers = decodeBase64(data.nodeAnswers);
  const answers = new Uint8Array(labels.length);
  const confidences = new Float32Array(labels.length);
  const start = performance.now();
  for (let i = 0; i < labels.length; i++) {
    const probabilities = (await session.run(images.subarray(i * PIXELS, (i + 1) * PIXELS)))[output] as Float32Array;
    answers[i] = argMax(probabilities);
    confidences[i] = probabilities[answers[i] as number] as number;
  }
  const microseconds = ((performance.now() - start) * 1000) / labels.length;
  const right = labels.filter((label, i) => answers[i] === label).length;
  const asInNode = labels.filter((_, i) => answers[i] === nodeAnswers[i]).length;

  const summary = `${right} of ${labels.length} right (${((100 * right) / labels.length).toFixed(2)} %), ${asInNode} of ${labels.length} answers as in Node, about ${microseconds.toFixed(0)} µs per image here (${session.info.variant}).`;
  element('summary').textContent = summary;
  const order = [...labels.keys()].sort((a, b) => Number(answers[a] === labels[a]) - Number(answers[b] === labels[b]) || a - b);
  const grid = element('grid');
  for (const i of order.slice(0, 200)) {
    grid.append(card(images.subarray(i * PIXELS, (i + 1) * PIXELS), answers[i] as number, labels[i] as number, confidences[i] as number));
  }
  document.body.dataset.ready = 'true';
}

main().catch((error: Error) => {
  element('summary').textContent = `This browser cannot run the model: ${error.message}`;
});
