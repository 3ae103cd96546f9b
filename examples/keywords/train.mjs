/** Trains the keyword model on synthetic voices; writes keywords.onnx, its samples, and a WAV file for the test. Some ten minutes on one core. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataset, npy, npz } from '../training/files.mjs';
import { smallCnn } from '../training/small-cnn.mjs';
import { errors, train } from '../training/train.mjs';
import { BANDS, FRAMES, features, SAMPLE_RATE } from './features.mjs';
import { classes, second, speak, testVoices, trainingVoices } from './speech.mjs';
import { writeWav } from './wav.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const PREPROCESS = { offset: -128, scale: 1 / 64 };
const { network, encode } = smallCnn('keywords', 1, classes.length);

const input = (bytes) => Float32Array.from(bytes, (value) => (value + PREPROCESS.offset) * PREPROCESS.scale);

/** Words are spoken once, and mixed anew whenever they are asked for. */
function spoken(count, voices) {
  const words = Array.from({ length: count }, (_, i) => speak(i % classes.length, voices));
  return { count, sample: (i) => ({ input: input(features(second(words[i]))), label: i % classes.length }) };
}

function stored(count, voices) {
  const sounds = Array.from({ length: count }, (_, i) => features(second(speak(i % classes.length, voices))));
  return {
    count,
    sample: (i) => ({ input: input(sounds[i]), label: i % classes.length }),
    arrays: (name) => ({
      [name]: npy([count, BANDS, FRAMES, 1], Uint8Array.from(sounds.flatMap((sound) => [...sound]))),
      [`${name}_labels`]: npy(
        [count],
        Uint8Array.from(sounds, (_, i) => i % classes.length),
      ),
    }),
  };
}

const training = spoken(Number(process.env.WORDS ?? 8000), trainingVoices);
train(network, training, Number(process.env.EPOCHS ?? 6), 0.03);
const test = stored(320, testVoices);
console.log(`test errors (voices that were never heard): ${errors(network, test)} of ${test.count}`);
writeFileSync(join(folder, 'keywords.onnx'), encode());
writeFileSync(join(folder, 'keywords.npz'), npz({ ...stored(128, trainingVoices).arrays('calibration'), ...test.arrays('test') }));
for (const name of ['calibration', 'test'])
  writeFileSync(join(folder, `${name}.dataset.json`), dataset('keywords.npz', name, classes, PREPROCESS));
const demonstration = ['left', 'stop', 'go'].flatMap((word) => [...second(speak(classes.indexOf(word), testVoices))]);
writeFileSync(join(folder, 'left-stop-go.wav'), writeWav(Float32Array.from(demonstration), SAMPLE_RATE));
