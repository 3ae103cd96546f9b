/**
 * JPEG files → 8-bit pixels as libjpeg gives them, within a level or two. jpeg-js converts YCbCr to RGB without rounding,
 * which darkens every image by half a level; so this file does that step.
 */
import jpeg from 'jpeg-js';
import type { Pixels } from './resize.ts';

const START_OF_SCAN = 0xda;
const ADOBE = 0xee;
const MEMORY_LIMIT_MEGABYTES = 1024;

/** Number of components, and whether an Adobe segment says how they are coded. */
function readHeader(bytes: Uint8Array): { components: number; adobe: boolean } {
  let components = 0;
  let adobe = false;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] as number;
    if (marker === START_OF_SCAN) break;
    // Frame headers are C0 … CF without the tables C4, C8 and CC.
    if (marker >= 0xc0 && marker <= 0xcf && (marker === 0xc0 || marker % 4 !== 0)) components = bytes[at + 9] as number;
    if (marker === ADOBE) adobe = true;
    at += 2 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  }
  return { components, adobe };
}

/** ITU-R BT.601 full range, rounded (JFIF 1.02). */
function convertToRgb(data: Uint8Array): void {
  const level = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
  for (let i = 0; i < data.length; i += 3) {
    const y = data[i] as number;
    const cb = (data[i + 1] as number) - 128;
    const cr = (data[i + 2] as number) - 128;
    data[i] = level(y + 1.402 * cr);
    data[i + 1] = level(y - 0.344136286 * cb - 0.714136286 * cr);
    data[i + 2] = level(y + 1.772 * cb);
  }
}

/** @throws Error when the data are damaged. */
export function pixelsOfJpeg(bytes: Uint8Array): Pixels {
  const { components, adobe } = readHeader(bytes);
  const options = { useTArray: true, formatAsRGBA: false, maxMemoryUsageInMB: MEMORY_LIMIT_MEGABYTES } as const;
  const isYcbcr = components === 3 && !adobe;
  const { width, height, data } = jpeg.decode(bytes, isYcbcr ? { ...options, colorTransform: false } : options);
  if (isYcbcr) convertToRgb(data);
  return { width, height, channels: data.length / (width * height), data };
}
