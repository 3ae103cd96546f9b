/** Trains the shape classifier on pictures that it draws itself; writes shapes.onnx and its calibration and test samples. Minutes on one core. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataset, npy, npz } from '../training/files.mjs';
import { smallCnn } from '../training/small-cnn.mjs';
import { errors, train } from '../training/train.mjs';
import { classes, drawShape, SIDE } from './shapes.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const PREPROCESS = { offset: -128, scale: 1 / 64 };
const { network, encode } = smallCnn('camera', 3, classes.length);

/** The network takes channels first; pictures are stored channels last. */
function input(pixels) {
  const plane = SIDE * SIDE;
  return Float32Array.from(pixels, (_, i) => (pixels[(i % plane) * 3 + Math.floor(i / plane)] + PREPROCESS.offset) * PREPROCESS.scale);
}

function stored(count) {
  const pictures = Array.from({ length: count }, (_, i) => drawShape(i % classes.length));
  return {
    count,
    pictures,
    sample: (i) => ({ input: input(pictures[i]), label: i % classes.length }),
    arrays: (name) => ({
      [name]: npy([count, SIDE, SIDE, 3], Uint8Array.from(pictures.flatMap((picture) => [...picture]))),
      [`${name}_labels`]: npy(
        [count],
        Uint8Array.from(pictures, (_, i) => i % classes.length),
      ),
    }),
  };
}

// Drawn anew in every epoch: no picture is seen twice.
const endless = { count: 12000, sample: (i) => ({ input: input(drawShape(i % classes.length)), label: i % classes.length }) };
train(network, endless, Number(process.env.EPOCHS ?? 5), 0.03);
const test = stored(240);
console.log(`test errors: ${errors(network, test)} of ${test.count}`);
writeFileSync(join(folder, 'shapes.onnx'), encode());
writeFileSync(join(folder, 'shapes.npz'), npz({ ...stored(96).arrays('calibration'), ...test.arrays('test') }));
for (const name of ['calibration', 'test'])
  writeFileSync(join(folder, `${name}.dataset.json`), dataset('shapes.npz', name, classes, PREPROCESS));
