/** Listens to the last second of the microphone, twenty times a second, and names the words that stay for a while. */
import { features, SAMPLE_RATE } from './features.mjs';
import { createSession } from './model/index.js';

const element = (id) => document.getElementById(id);
const session = await createSession();
const second = new Float32Array(SAMPLE_RATE);
const silent = ['noise', 'other word'];
/** A word counts when its mean probability over this many pieces is above the threshold. */
const PIECES = 4;
const THRESHOLD = 0.6;
const recent = [];
let lastWord;

function tell(label) {
  element('answer').textContent = label;
  if (label === lastWord) return;
  lastWord = label;
  if (silent.includes(label)) return;
  const item = document.createElement('li');
  item.textContent = label;
  element('heard').append(item);
}

async function hear(piece) {
  second.copyWithin(0, piece.length);
  second.set(piece, SAMPLE_RATE - piece.length);
  const start = performance.now();
  const sound = features(second);
  const extracted = performance.now();
  const { probabilities } = await session.run(sound);
  const done = performance.now();
  recent.push(probabilities);
  if (recent.length > PIECES) recent.shift();
  const names = session.outputs[0].labels;
  const means = names.map((_, i) => recent.reduce((sum, values) => sum + values[i], 0) / PIECES);
  const best = means.indexOf(Math.max(...means));
  if (means[best] > THRESHOLD) tell(names[best]);
  element('timing').textContent =
    `features ${(extracted - start).toFixed(1)} ms, network ${(done - extracted).toFixed(2)} ms (${session.info.variant})`;
}

async function start() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const audio = new AudioContext();
    await audio.audioWorklet.addModule(new URL('./recorder.js', import.meta.url));
    const recorder = new AudioWorkletNode(audio, 'recorder', { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => void hear(data);
    audio.createMediaStreamSource(stream).connect(recorder);
    element('start').hidden = true;
    element('answer').textContent = 'listening';
  } catch (error) {
    element('answer').textContent = `No microphone: ${error.message}`;
  }
}

element('start').addEventListener('click', start);
document.body.dataset.ready = 'true';
