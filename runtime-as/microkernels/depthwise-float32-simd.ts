/**
 * Depthwise float32 convolution of `count` neighbouring output pixels, 4 channels at a time. Every output adds bias,
 * then its products tap by tap, each product rounded before the sum: the same bits as the scalar loop.
 *
 * `x` points to the first tap of the first pixel that lies inside the input, `w` to its weights; `rows` x `taps` of them
 * are inside. They are `rowBytes` and `tapBytes` apart in the input, `weightRowBytes` and `weightBytes` in the weights;
 * pixels are `pixelBytes` apart in the input and `weightBytes` (all channels) in the output.
 */
export function depthwiseSpanFloat32(
  x: usize, rowBytes: usize, tapBytes: usize, w: usize, weightRowBytes: usize, weightBytes: usize, rows: i32, taps: i32,
  bias: usize, low: f32, high: f32, y: usize, pixelBytes: usize, count: i32,
): void {
  // -0 + 0 = +0: from there no sum becomes -0, so that padding taps may be left out.
  const start = f32x4.add(v128.load(bias), f32x4.splat(0));
  for (; count >= 4; count -= 4, x += pixelBytes << 2) {
    let sum0 = start, sum1 = start, sum2 = start, sum3 = start;
    let xRow = x, wRow = w;
    for (let i = rows; i > 0; i--, xRow += rowBytes, wRow += weightRowBytes) {
      let p = xRow, q = wRow;
      for (let j = taps; j > 0; j--, p += tapBytes, q += weightBytes) {
        const weight = v128.load(q);
        const p2 = p + (pixelBytes << 1);
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(p), weight));
        sum1 = f32x4.add(sum1, f32x4.mul(v128.load(p + pixelBytes), weight));
        sum2 = f32x4.add(sum2, f32x4.mul(v128.load(p2), weight));
        sum3 = f32x4.add(sum3, f32x4.mul(v128.load(p2 + pixelBytes), weight));
      }
    }
    const l = f32x4.splat(low), h = f32x4.splat(high);
    v128.store(y, f32x4.min(f32x4.max(sum0, l), h));
    v128.store(y += weightBytes, f32x4.min(f32x4.max(sum1, l), h));
    v128.store(y += weightBytes, f32x4.min(f32x4.max(sum2, l), h));
    v128.store(y += weightBytes, f32x4.min(f32x4.max(sum3, l), h));
    y += weightBytes;
  }
  for (; count > 0; count--, x += pixelBytes, y += weightBytes) {
    let sum = start;
    let xRow = x, wRow = w;
    for (let i = rows; i > 0; i--, xRow += rowBytes, wRow += weightRowBytes) {
      let p = xRow, q = wRow;
      for (let j = taps; j > 0; j--, p += tapBytes, q += weightBytes) sum = f32x4.add(sum, f32x4.mul(v128.load(p), v128.load(q)));
    }
    v128.store(y, f32x4.min(f32x4.max(sum, f32x4.splat(low)), f32x4.splat(high)));
  }
}
