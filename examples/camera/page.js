/** The middle square of every camera frame, classified as it comes. */
import { createSession } from './model/index.js';

const element = (id) => document.getElementById(id);
const video = element('video');
const square = new OffscreenCanvas(96, 96);
const context = square.getContext('2d', { willReadFrequently: true });
const session = await createSession();
let averageMs;

/** Crops: the model resizes what it gets as a whole. */
function middle() {
  const side = Math.min(video.videoWidth, video.videoHeight);
  const [x, y] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  context.drawImage(video, x, y, side, side, 0, 0, square.width, square.height);
  return context.getImageData(0, 0, square.width, square.height);
}

async function look() {
  const picture = middle();
  const start = performance.now();
  const { labels } = await session.run(picture);
  const milliseconds = performance.now() - start;
  averageMs = averageMs === undefined ? milliseconds : 0.95 * averageMs + 0.05 * milliseconds;
  element('answer').textContent = labels[0].label;
  element('scores').replaceChildren(
    ...labels.slice(0, 3).map(({ label, value }) => {
      const item = document.createElement('li');
      item.textContent = `${label}: ${(100 * value).toFixed(0)} %`;
      return item;
    }),
  );
  element('timing').textContent = `${averageMs.toFixed(1)} ms a picture, resizing included (${session.info.variant})`;
  // Where the browser tells of new frames, none is looked at twice.
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(look);
  else requestAnimationFrame(look);
}

async function start() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    await video.play();
    element('start').hidden = true;
    await look();
  } catch (error) {
    element('answer').textContent = `No camera: ${error.message}`;
  }
}

element('start').addEventListener('click', start);
document.body.dataset.ready = 'true';
