// Sliding windows over images [H, W, C] in float32, for training: patches as rows of a matrix and back, and depthwise
// convolution, whose channels are independent. A window is thirteen words at `window`:
//
//     0 height    1 width    2 channels    3 kernel height    4 kernel width
//     5 stride y  6 stride x               7 pad top          8 pad left
//     9 dilation y  10 dilation x          11 output height   12 output width

// @ts-ignore: decorator
@inline
function word(window: usize, index: i32): i32 {
  return load<i32>(window + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function copyRun(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  for (; i < count; i++) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
}

// @ts-ignore: decorator
@inline
function addRun(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; i < count; i++) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}

// @ts-ignore: decorator
@inline
function addProductRun(to: usize, a: usize, b: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(a), v128.load(b))));
    to += 16;
    a += 16;
    b += 16;
  }
  for (; i < count; i++) {
    store<f32>(to, load<f32>(to) + load<f32>(a) * load<f32>(b));
    to += 4;
    a += 4;
    b += 4;
  }
}

/** What is done with the input and the other operand at one tap of one output position; `channels` numbers each. */
const GATHER = 0;
const SCATTER = 1;
const DEPTHWISE = 2;
const DEPTHWISE_INPUT = 3;
const DEPTHWISE_WEIGHTS = 4;

/**
 * @param image [H, W, C]
 * @param columns patches [OH · OW, taps · C], for GATHER and SCATTER
 * @param output [OH, OW, C], for depthwise convolution
 * @param weights [taps, C], for depthwise convolution
 */
// @ts-ignore: decorator
@inline
function walk(mode: i32, window: usize, image: usize, columns: usize, output: usize, weights: usize): void {
  const height = word(window, 0), width = word(window, 1), channels = word(window, 2);
  const kernelHeight = word(window, 3), kernelWidth = word(window, 4);
  const rows = word(window, 11), positions = word(window, 12);
  const run = <usize>channels << 2;
  for (let oy = 0; oy < rows; oy++)
    for (let ox = 0; ox < positions; ox++) {
      let tap = weights;
      for (let ky = 0; ky < kernelHeight; ky++) {
        const y = oy * word(window, 5) - word(window, 7) + ky * word(window, 9);
        for (let kx = 0; kx < kernelWidth; kx++) {
          const x = ox * word(window, 6) - word(window, 8) + kx * word(window, 10);
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          const pixel = image + <usize>(y * width + x) * run;
          if (mode == GATHER) {
            if (isInside) copyRun(columns, pixel, channels);
            else memory.fill(columns, 0, run);
          } else if (isInside) {
            if (mode == SCATTER) addRun(pixel, columns, channels);
            if (mode == DEPTHWISE) addProductRun(output, pixel, tap, channels);
            if (mode == DEPTHWISE_INPUT) addProductRun(pixel, output, tap, channels);
            if (mode == DEPTHWISE_WEIGHTS) addProductRun(tap, pixel, output, channels);
          }
          columns += run;
          tap += run;
        }
      }
      output += run;
    }
}

/** The patches of an image as rows of a matrix; padding is zeros. */
export function gatherPatches(window: usize, image: usize, columns: usize): void {
  walk(GATHER, window, image, columns, 0, 0);
}

/** Adds the rows of such a matrix to the pixels that they stand for. */
export function scatterPatches(window: usize, image: usize, columns: usize): void {
  walk(SCATTER, window, image, columns, 0, 0);
}

/** output += depthwise convolution of the image. */
export function addDepthwise(window: usize, image: usize, output: usize, weights: usize): void {
  walk(DEPTHWISE, window, image, 0, output, weights);
}

/** Gradient with respect to the image += */
export function addDepthwiseInput(window: usize, image: usize, output: usize, weights: usize): void {
  walk(DEPTHWISE_INPUT, window, image, 0, output, weights);
}

/** Gradient with respect to the weights += */
export function addDepthwiseWeights(window: usize, image: usize, output: usize, weights: usize): void {
  walk(DEPTHWISE_WEIGHTS, window, image, 0, output, weights);
}
