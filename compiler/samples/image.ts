/** PNG and JPEG files → 8-bit pixels. */
import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { pixelsOfJpeg } from './jpeg.ts';
import type { Pixels } from './resize.ts';

const imageExtensions = ['.png', '.jpg', '.jpeg'];

export function isImagePath(path: string): boolean {
  const lower = path.toLowerCase();
  return imageExtensions.some((extension) => lower.endsWith(extension));
}

/** 16 bits become 8 (65535 → 255); a palette becomes RGB or RGBA; 1, 2 and 4 bits of grey fill the range 0 … 255. */
function pixelsOfPng(bytes: Uint8Array): Pixels {
  const png = decodePng(bytes);
  const { width, height, depth } = png;
  if (png.palette) {
    const data = convertIndexedToRgb(png);
    return { width, height, channels: data.length / (width * height), data };
  }
  if (depth === 16) return { width, height, channels: png.channels, data: Uint8Array.from(png.data, (v) => Math.round(v / 257)) };
  if (depth === 8) return { width, height, channels: png.channels, data: Uint8Array.from(png.data) };
  const rowBytes = Math.ceil((width * depth) / 8);
  const top = 2 ** depth - 1;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = png.data[y * rowBytes + (bit >> 3)] as number;
      data[y * width + x] = Math.round((((byte >> (8 - depth - (bit & 7))) & top) * 255) / top);
    }
  }
  return { width, height, channels: 1, data };
}

/** @throws InputFileError when the bytes are not a readable PNG or JPEG. */
export function decodeImage(bytes: Uint8Array, path: string): Pixels {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50;
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw new InputFileError(`${path}: is neither a PNG nor a JPEG file; convert it to one of them`);
  try {
    return isPng ? pixelsOfPng(bytes) : pixelsOfJpeg(bytes);
  } catch (error) {
    throw new InputFileError(`${path}: damaged ${isPng ? 'PNG' : 'JPEG'} (${(error as Error).message}); replace the file or take it out`, {
      cause: error,
    });
  }
}

/** @throws InputFileError when the file is missing or not a readable PNG or JPEG. */
export function readImage(path: string): Pixels {
  return decodeImage(readInputFile(path), path);
}
