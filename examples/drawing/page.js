/** Digits drawn with mouse, pen or finger, brought to the form of MNIST: 20 pixels high, centre of mass in the middle of 28. */
import { createSession } from './model/index.js';

const SIDE = 28;
const DIGIT = 20;
const element = (id) => document.getElementById(id);
const canvas = element('canvas');
const context = canvas.getContext('2d', { willReadFrequently: true });
const session = await createSession();

function clear() {
  context.fillStyle = 'black';
  context.fillRect(0, 0, canvas.width, canvas.height);
  element('answer').textContent = '';
  element('scores').replaceChildren();
}

/** The box around the ink; undefined when there is none. */
function inkBox({ data, width, height }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)] < 64) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** 28 x 28 grey values, white ink on black. */
function normalized() {
  const box = inkBox(context.getImageData(0, 0, canvas.width, canvas.height));
  if (!box) return undefined;
  const scale = DIGIT / Math.max(box.width, box.height);
  const small = new OffscreenCanvas(SIDE, SIDE);
  const draw = small.getContext('2d', { willReadFrequently: true });
  const at = (dx, dy) => {
    draw.fillStyle = 'black';
    draw.fillRect(0, 0, SIDE, SIDE);
    draw.imageSmoothingQuality = 'high';
    const [width, height] = [box.width * scale, box.height * scale];
    draw.drawImage(canvas, box.left, box.top, box.width, box.height, (SIDE - width) / 2 + dx, (SIDE - height) / 2 + dy, width, height);
    const { data } = draw.getImageData(0, 0, SIDE, SIDE);
    return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i]);
  };
  const centred = at(0, 0);
  let [mass, x, y] = [0, 0, 0];
  centred.forEach((value, i) => {
    mass += value;
    x += value * (i % SIDE);
    y += value * Math.floor(i / SIDE);
  });
  return at(Math.round((SIDE - 1) / 2 - x / mass), Math.round((SIDE - 1) / 2 - y / mass));
}

async function read() {
  const pixels = normalized();
  if (!pixels) return;
  const start = performance.now();
  const { labels } = await session.run(pixels);
  const milliseconds = performance.now() - start;
  element('answer').textContent = labels[0].label;
  element('scores').replaceChildren(
    ...labels.slice(0, 3).map(({ label, value }) => {
      const item = document.createElement('li');
      item.textContent = `${label}: ${(100 * value).toFixed(1)} %`;
      return item;
    }),
  );
  element('timing').textContent = `${milliseconds.toFixed(1)} ms (${session.info.variant})`;
}

let last;

function point(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
}

canvas.addEventListener('pointerdown', (event) => {
  last = point(event);
});
canvas.addEventListener('pointermove', (event) => {
  if (!last) return;
  const next = point(event);
  context.strokeStyle = 'white';
  context.lineWidth = 22;
  context.lineCap = 'round';
  context.beginPath();
  context.moveTo(...last);
  context.lineTo(...next);
  context.stroke();
  last = next;
});
window.addEventListener('pointerup', () => {
  if (last) void read();
  last = undefined;
});
element('clear').addEventListener('click', clear);
clear();
document.body.dataset.ready = 'true';
