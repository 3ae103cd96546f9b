/** Resizing of 8-bit pixels. */

/** Interleaved 8-bit pixels, [height, width, channels]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

interface Tap {
  readonly from: number;
  readonly to: number;
  /** Weight of `to`. */
  readonly weight: number;
}

/** Half-pixel centres: output i looks at (i + 0.5) · input / output - 0.5, clamped to the edge. */
function taps(input: number, output: number): Tap[] {
  return Array.from({ length: output }, (_, i) => {
    const position = Math.min(Math.max(((i + 0.5) * input) / output - 0.5, 0), input - 1);
    const from = Math.floor(position);
    return { from, to: Math.min(from + 1, input - 1), weight: position - from };
  });
}

/**
 * Bilinear interpolation with half-pixel centres and without antialiasing, rounded to the nearest integer: what OpenCV's
 * INTER_LINEAR and ONNX's Resize (linear, half_pixel) compute. Pillow and torchvision blur first when they shrink an
 * image; for their exact pixels, resize before and store the result.
 */
export function resizeBilinear(image: Pixels, width: number, height: number): Pixels {
  if (image.width === width && image.height === height) return image;
  const { channels, data } = image;
  const rows = taps(image.height, height);
  const columns = taps(image.width, width);
  const resized = new Uint8Array(width * height * channels);
  const at = (y: number, x: number, c: number) => data[(y * image.width + x) * channels + c] as number;
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      for (let c = 0; c < channels; c++) {
        const top = at(row.from, column.from, c) * (1 - column.weight) + at(row.from, column.to, c) * column.weight;
        const bottom = at(row.to, column.from, c) * (1 - column.weight) + at(row.to, column.to, c) * column.weight;
        resized[target++] = Math.round(top * (1 - row.weight) + bottom * row.weight);
      }
    }
  }
  return { width, height, channels, data: resized };
}
