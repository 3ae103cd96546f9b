/** Anything that shows a picture in a browser → the stored values of a model's image input, the same pixels on every engine. */
import { UsageError } from '../../compiler/errors.ts';
import type { PackedPort } from '../../compiler/packed/metadata.ts';
import { convertChannels, imageFormat } from '../../compiler/samples/image-format.ts';
import { modelInputsOf } from '../../compiler/samples/layout.ts';
import { type Pixels, resizeBilinear } from '../../compiler/samples/resize.ts';

/** `{ data, width, height }` of RGBA bytes, or what a canvas can draw. */
export type ImageSource = ImageData | CanvasImageSource;

export function isImageSource(value: unknown): value is ImageSource {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const { width, videoWidth, displayWidth } = value as Record<string, unknown>;
  return [width, videoWidth, displayWidth].some((extent) => typeof extent === 'number' || typeof extent === 'object');
}

/** Width and height in pixels of the source itself, whatever size it is shown at. */
function naturalSize(source: ImageSource): [number, number] {
  const { naturalWidth, naturalHeight, videoWidth, videoHeight, displayWidth, displayHeight, width, height } = source as unknown as Record<
    string,
    number
  >;
  return [naturalWidth ?? videoWidth ?? displayWidth ?? width ?? 0, naturalHeight ?? videoHeight ?? displayHeight ?? height ?? 0];
}

let canvas: OffscreenCanvas | HTMLCanvasElement | undefined;

function drawn(source: CanvasImageSource, width: number, height: number): ImageData {
  canvas ??= typeof OffscreenCanvas === 'undefined' ? document.createElement('canvas') : new OffscreenCanvas(1, 1);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function rgbaOf(source: ImageSource): Pixels {
  const [width, height] = naturalSize(source);
  if (!width || !height) throw new UsageError('the image or video has no pixels yet; wait until it is loaded');
  const { data } = 'data' in source ? source : drawn(source, width, height);
  if (data.length !== 4 * width * height)
    throw new UsageError(`image data: ${data.length} bytes, expected ${width} x ${height} x 4 (RGBA, 8 bits)`);
  return { width, height, channels: 4, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** A copy of the picture's pixels, which can be sent to a worker. */
export function picture(source: ImageSource): { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } {
  const { data, width, height } = rgbaOf(source);
  return { data: Uint8ClampedArray.from(data), width, height };
}

/**
 * Resized (bilinear, half-pixel centres, whole picture: crop before where the aspect ratio matters), alpha dropped, grey
 * by BT.601 luma: the pixels that the compiler's samples have, in the order of the port.
 * @throws UsageError when the port takes no image.
 */
export function imagePixels(source: ImageSource, port: PackedPort): Uint8Array {
  const format = imageFormat(modelInputsOf([port]));
  if (!format)
    throw new UsageError(`input "${port.name}" [${port.shape.join(', ')}] takes no image of 1, 3 or 4 channels; pass its values`);
  const { width, height, channels } = format;
  const rgba = rgbaOf(source);
  // Colours resize one by one: dropping alpha afterwards gives the same bytes and touches fewer of them.
  const pixels =
    channels === 1
      ? resizeBilinear(convertChannels(rgba, 1), width, height)
      : convertChannels(resizeBilinear(rgba, width, height), channels);
  return port.shape[1] === channels && port.shape[3] !== channels ? channelsFirst(pixels) : pixels.data;
}

function channelsFirst({ data, width, height, channels }: Pixels): Uint8Array {
  const plane = width * height;
  const planar = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) planar[(i % channels) * plane + Math.floor(i / channels)] = data[i] as number;
  return planar;
}
