/** Words to train on, spoken by the voices of espeak-ng (Debian: apt-get install espeak-ng). */
import { spawnSync } from 'node:child_process';
import { random } from '../training/random.mjs';
import { SAMPLE_RATE } from './features.mjs';
import { readWav } from './wav.mjs';

export const classes = ['noise', 'other word', 'up', 'down', 'left', 'right', 'stop', 'go'];

const others =
  'yes no on off one two three four five six seven eight nine zero hello water table music happy cat dog bird tree house wow open close red green blue begin end'.split(
    ' ',
  );
const accents = ['en-us', 'en-gb', 'en-gb-scotland', 'en-gb-x-rp', 'en-gb-x-gbcwmd', 'en-gb-x-gbclan'];
const voices =
  'm1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 adam Alex Alicia Andrea Andy Annie belinda benjamin boris caleb david Denis ed edward Gene grandma grandpa Henrique Hugo iven iven2 iven3 Jacky john klatt klatt2 klatt3 Lee linda marcelo Marco Mario max Michael michel Mike miguel norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 Storm travis victor zac'.split(
    ' ',
  );

/** Voices that only the test hears. */
export const testVoices = voices.filter((_, i) => i % 8 === 3);
export const trainingVoices = voices.filter((_, i) => i % 8 !== 3);

const pick = (list) => list[Math.floor(random() * list.length)];
const between = (low, high) => low + (high - low) * random();

/** Linear interpolation from the voice's rate. */
function resample({ samples, rate }) {
  const ratio = rate / SAMPLE_RATE;
  return Float32Array.from({ length: Math.floor(samples.length / ratio) }, (_, i) => {
    const at = i * ratio;
    const low = Math.floor(at);
    return samples[low] + (at - low) * ((samples[low + 1] ?? 0) - samples[low]);
  });
}

/** Without the silence before and behind. */
function trim(samples) {
  const threshold = 0.02 * samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let [first, last] = [0, samples.length];
  while (first < last && Math.abs(samples[first]) < threshold) first++;
  while (last > first && Math.abs(samples[last - 1]) < threshold) last--;
  return samples.subarray(first, last);
}

function say(word, voice) {
  const args = [
    '-v',
    `${pick(accents)}+${voice}`,
    '-s',
    String(Math.round(between(120, 210))),
    '-p',
    String(Math.round(between(20, 80))),
    '--stdout',
    word,
  ];
  const { stdout } = spawnSync('espeak-ng', args, { maxBuffer: 1 << 24 });
  return trim(resample(readWav(stdout)));
}

/** Spoken once: { word, label } → samples; noise comes later. */
export function speak(label, voiceList) {
  if (label === 0) return new Float32Array(0);
  return say(label === 1 ? pick(others) : classes[label], pick(voiceList));
}

/** One second with the word somewhere in it, at some loudness, over hiss, hum or both. */
export function second(word) {
  const samples = new Float32Array(SAMPLE_RATE);
  const length = Math.min(word.length, SAMPLE_RATE);
  const start = Math.floor(random() * (SAMPLE_RATE - length + 1));
  const loudness = between(0.1, 1);
  for (let i = 0; i < length; i++) samples[start + i] = loudness * word[i];
  const hiss = (word.length ? 0.03 : 0.3) * loudness * random() ** 2;
  const hum = 0.02 * random() ** 2;
  const pitch = between(40, 400);
  let low = 0;
  const smooth = random();
  for (let i = 0; i < SAMPLE_RATE; i++) {
    low += (1 - 0.95 * smooth) * (2 * random() - 1 - low);
    samples[i] += hiss * low + hum * Math.sin((2 * Math.PI * pitch * i) / SAMPLE_RATE);
  }
  return samples;
}
