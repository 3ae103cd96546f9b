/** What the keyword model hears: 32 log-mel bands of 32 frames over one second. The same code trains, tests and runs in the page. */

export const SAMPLE_RATE = 16000;
export const BANDS = 32;
export const FRAMES = 32;
const WINDOW = 512;
const HOP = (SAMPLE_RATE - WINDOW) / (FRAMES - 1);
const LOWEST = 80;
const HIGHEST = 7600;

const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
const mel = (hertz) => 1127 * Math.log1p(hertz / 700);
const hertz = (value) => 700 * Math.expm1(value / 1127);

/** Triangular filters, evenly spaced in mel, as lists of [bin, weight]. */
const filters = (() => {
  const edge = (i) => hertz(mel(LOWEST) + ((mel(HIGHEST) - mel(LOWEST)) * i) / (BANDS + 1)) * (WINDOW / SAMPLE_RATE);
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = [edge(band), edge(band + 1), edge(band + 2)];
    const weights = [];
    for (let bin = Math.ceil(low); bin < high; bin++) {
      const weight = bin < middle ? (bin - low) / (middle - low) : (high - bin) / (high - middle);
      if (weight > 0) weights.push([bin, weight]);
    }
    // Narrow bands at the bottom may fall between two bins.
    return weights.length ? weights : [[Math.round(middle), 1]];
  });
})();

/** In place, radix 2 (Cooley and Tukey). */
function fourier(real, imaginary) {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let length = 2; length <= n; length <<= 1) {
    const angle = (-2 * Math.PI) / length;
    for (let start = 0; start < n; start += length) {
      for (let k = 0; k < length / 2; k++) {
        const [cos, sin] = [Math.cos(angle * k), Math.sin(angle * k)];
        const [a, b] = [start + k, start + k + length / 2];
        const [re, im] = [real[b] * cos - imaginary[b] * sin, real[b] * sin + imaginary[b] * cos];
        [real[b], imaginary[b]] = [real[a] - re, imaginary[a] - im];
        real[a] += re;
        imaginary[a] += im;
      }
    }
  }
}

/**
 * @param samples one second at 16 kHz, -1 … 1
 * @returns bytes [BANDS, FRAMES]: 4 per decibel, 255 for the loudest band of the second, so that loudness does not matter
 */
export function features(samples) {
  const decibels = new Float32Array(BANDS * FRAMES);
  const real = new Float64Array(WINDOW);
  const imaginary = new Float64Array(WINDOW);
  for (let frame = 0; frame < FRAMES; frame++) {
    const start = Math.round(frame * HOP);
    for (let i = 0; i < WINDOW; i++) real[i] = (samples[start + i] ?? 0) * hann[i];
    imaginary.fill(0);
    fourier(real, imaginary);
    filters.forEach((filter, band) => {
      let energy = 1e-7;
      for (const [bin, weight] of filter) energy += weight * (real[bin] ** 2 + imaginary[bin] ** 2);
      decibels[band * FRAMES + frame] = 10 * Math.log10(energy);
    });
  }
  const loudest = Math.max(...decibels);
  return Uint8Array.from(decibels, (value) => Math.max(0, 255 + Math.round(4 * (value - loudest))));
}
