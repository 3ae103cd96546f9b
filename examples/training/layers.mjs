/** Layers of small networks with their gradients, in plain loops over float32: enough to train the examples on one core. */
import { random } from './random.mjs';

/** He initialisation: normal with variance 2 / fan-in. */
function parameters(count, fanIn) {
  const values = new Float32Array(count);
  if (fanIn)
    for (let i = 0; i < count; i++)
      values[i] = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random()) * Math.sqrt(2 / fanIn);
  return { values, gradient: new Float32Array(count), velocity: new Float32Array(count) };
}

/** Convolution [C, S, S] → [O, T, T], T = S + 2 pad - kernel + 1, stride 1, as a product with the unfolded input [C·K·K, T·T]. */
export function convolution(channels, size, out, kernel, pad) {
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

/** y = W x + b. */
export function dense(inputs, outputs) {
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

/** In place. */
export function relu() {
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
export function maxPool(channels, size) {
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
