/** What a model wants of an image. Pure ES: used by the compiler and by the packages in a browser. */
import type { Pixels } from './resize.ts';
import type { ModelInput } from './samples.ts';

export interface ImageFormat {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

const channelCounts = [1, 3, 4];

/** Width, height and channels of the only input; [1, C, H, W] before [1, H, W, C] when both are possible; undefined when it takes no image. */
export function imageFormat(inputs: readonly ModelInput[]): ImageFormat | undefined {
  const [input] = inputs;
  const [, a = 0, b = 0, c = 0] = input?.shape ?? [];
  if (inputs.length !== 1 || input?.shape.length !== 4 || input.shape[0] !== 1) return undefined;
  if (channelCounts.includes(a)) return { channels: a, height: b, width: c };
  return channelCounts.includes(c) ? { channels: c, height: a, width: b } : undefined;
}

/**
 * Grey, grey with alpha, RGB or RGBA → `channels` (1, 3 or 4). Alpha is dropped, not blended; colour becomes grey by
 * ITU-R BT.601 luma (0.299 R + 0.587 G + 0.114 B, rounded), as Pillow's "L".
 */
export function convertChannels(image: Pixels, channels: number): Pixels {
  const from = image.channels;
  if (from === channels) return image;
  const count = image.width * image.height;
  const data = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const at = (c: number) => image.data[i * from + (from < 3 ? 0 : c)] as number;
    if (channels === 1) data[i] = from < 3 ? at(0) : Math.round(0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2));
    else for (let c = 0; c < 3; c++) data[i * channels + c] = at(c);
    if (channels === 4) data[i * 4 + 3] = from === 2 ? (image.data[i * 2 + 1] as number) : 255;
  }
  return { ...image, channels, data };
}
