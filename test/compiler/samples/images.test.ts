import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../compiler/samples/image.ts';
import { convertChannels } from '../../../compiler/samples/image-format.ts';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { resizeBilinear } from '../../../compiler/samples/resize.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const inputs = [{ name: 'image', shape: [1, 3, 2, 2] }];
const red = [255, 0, 0];
const grey = [51, 51, 51];

function rgbPng(pixels: readonly number[], width: number, height: number): Uint8Array {
  return encodePng({ width, height, channels: 3, depth: 8, data: Uint8Array.from(pixels) });
}

describe('decodeImage', () => {
  it('reads PNG: grey, grey with alpha, RGB, RGBA, 16 bits, palette', () => {
    const decode = (channels: number, depth: 8 | 16, data: Uint8Array | Uint16Array) =>
      decodeImage(encodePng({ width: 2, height: 1, channels, depth, data }), 'x.png');
    expect(decode(1, 8, Uint8Array.of(3, 4))).toMatchObject({ width: 2, height: 1, channels: 1, data: Uint8Array.of(3, 4) });
    expect(decode(2, 8, Uint8Array.of(3, 255, 4, 0)).channels).toBe(2);
    expect([...decode(3, 8, Uint8Array.of(1, 2, 3, 4, 5, 6)).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(decode(4, 8, Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 0)).channels).toBe(4);
    expect([...decode(1, 16, Uint16Array.of(65535, 257)).data]).toEqual([255, 1]);
  });

  it('reads a PNG with a palette of 2 bits', () => {
    // 3 x 1, colour type 3, palette red, green, blue; pixel indices 2, 0, 1 = 0b10000100
    const png = decodeImage(palettePng(), 'palette.png');
    expect(png).toMatchObject({ width: 3, height: 1, channels: 3 });
    expect([...png.data]).toEqual([0, 0, 255, 255, 0, 0, 0, 255, 0]);
  });

  it('reads JPEG', () => {
    const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 120));
    const image = decodeImage(jpeg.encode({ width: 8, height: 8, data: rgba }, 95).data, 'x.jpg');
    expect(image).toMatchObject({ width: 8, height: 8, channels: 3 });
    expect(Math.max(...image.data.map((v) => Math.abs(v - 120)))).toBeLessThanOrEqual(1);
  });

  it('does not darken a JPEG: the mean error of smooth colours is zero', () => {
    const side = 64;
    const rgba = Uint8Array.from({ length: side * side * 4 }, (_, i) => {
      const [x, y] = [(i >> 2) % side, (i >> 2) / side];
      return [40 + 2 * x, 60 + 2 * y, 200 - x - y, 255][i % 4] ?? 0;
    });
    const image = decodeImage(jpeg.encode({ width: side, height: side, data: rgba }, 100).data, 'x.jpg');
    let sum = 0;
    for (let i = 0; i < side * side; i++)
      for (let c = 0; c < 3; c++) sum += (image.data[3 * i + c] as number) - (rgba[4 * i + c] as number);
    // Conversion without rounding is off by -0.5.
    expect(Math.abs(sum / (side * side * 3))).toBeLessThan(0.25);
  });

  it('refuses other files and damaged ones with their path', () => {
    expect(() => decodeImage(new TextEncoder().encode('GIF89a'), 'x.png')).toThrow('x.png: is neither a PNG nor a JPEG file');
    expect(() => decodeImage(rgbPng([...red, ...red], 2, 1).subarray(0, 40), 'x.png')).toThrow(/x\.png: damaged PNG/);
    const rgba = new Uint8Array(16 * 16 * 4).fill(77);
    const data = jpeg.encode({ width: 16, height: 16, data: rgba }, 90).data;
    expect(() => decodeImage(data.subarray(0, 200), 'x.jpg')).toThrow(/x\.jpg: damaged JPEG/);
  });
});

describe('convertChannels', () => {
  it('makes grey of colour by luma and colour of grey by copying; drops alpha', () => {
    const image = { width: 1, height: 1, channels: 4, data: Uint8Array.of(100, 150, 200, 0) };
    expect([...convertChannels(image, 1).data]).toEqual([Math.round(0.299 * 100 + 0.587 * 150 + 0.114 * 200)]);
    expect([...convertChannels(image, 3).data]).toEqual([100, 150, 200]);
    expect([...convertChannels({ ...image, channels: 1, data: Uint8Array.of(9) }, 3).data]).toEqual([9, 9, 9]);
    expect([...convertChannels({ ...image, channels: 2, data: Uint8Array.of(9, 1) }, 4).data]).toEqual([9, 9, 9, 1]);
  });
});

describe('resizeBilinear', () => {
  const row = (...data: number[]) => ({ width: data.length, height: 1, channels: 1, data: Uint8Array.from(data) });

  it('puts the centres of the pixels half a pixel from the edge', () => {
    // OpenCV: cv2.resize([[0, 100]], (4, 1), interpolation=cv2.INTER_LINEAR) = 0 25 75 100
    expect([...resizeBilinear(row(0, 100), 4, 1).data]).toEqual([0, 25, 75, 100]);
    expect([...resizeBilinear(row(0, 100, 200, 40), 2, 1).data]).toEqual([50, 120]);
  });

  it('interpolates both axes and every channel on its own', () => {
    const image = { width: 2, height: 2, channels: 2, data: Uint8Array.of(0, 10, 100, 10, 100, 10, 200, 10) };
    const resized = resizeBilinear(image, 3, 3);
    expect([...resized.data.filter((_, i) => i % 2 === 0)]).toEqual([0, 50, 100, 50, 100, 150, 100, 150, 200]);
    expect(new Set(resized.data.filter((_, i) => i % 2 === 1))).toEqual(new Set([10]));
  });
});

describe('a folder of images', () => {
  scratch.write('folder/b.png', rgbPng([...grey, ...grey, ...grey, ...grey], 2, 2));
  scratch.write('folder/a.PNG', rgbPng(Array.from({ length: 16 }, () => red).flat(), 4, 4));
  scratch.write('folder/notes.txt', 'not an image');

  it('is sorted by name, resized to the model and scaled to 0 … 1', () => {
    const samples = loadSamples(scratch.path('folder'), { inputs });
    expect(samples.count).toBe(2);
    expect([...(samples.sample(0)[0] as Float32Array)]).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect((samples.sample(1)[0] as Float32Array)[0]).toBeCloseTo(0.2, 6);
    expect(samples.layouts).toEqual([{ shape: [2, 2, 3], order: 'channels-last' }]);
  });

  it('takes a channels-last model and a given preprocessing', () => {
    const samples = loadSamples(scratch.path('folder'), {
      inputs: [{ name: 'image', shape: [1, 2, 2, 3] }],
      preprocess: { offset: [-51, 0, 0], scale: 2 },
    });
    expect(samples.layouts[0]?.shape).toEqual([2, 2, 3]);
    expect([...(samples.sample(1)[0] as Float32Array)].slice(0, 6)).toEqual([0, 102, 102, 0, 102, 102]);
  });

  it('names a damaged file when its turn comes', () => {
    scratch.write('broken/0.png', rgbPng([...red, ...red, ...red, ...red], 2, 2));
    const path = scratch.write('broken/1.png', Uint8Array.of(0x89, 0x50, 1, 2));
    const samples = loadSamples(scratch.path('broken'), { inputs });
    expect(samples.sample(0)).toHaveLength(1);
    expect(() => samples.sample(1)).toThrow(`${path}: damaged PNG`);
  });

  it('refuses empty folders and models that do not take an image', () => {
    scratch.write('empty/readme.txt', '');
    expect(() => loadSamples(scratch.path('empty'), { inputs })).toThrow('holds no .png, .jpg or .jpeg files');
    expect(() => loadSamples(scratch.path('folder'), { inputs: [{ name: 'x', shape: [1, 640] }] })).toThrow(
      'images need a model with one input [1, C, H, W] of 1, 3 or 4 channels, this one has x [1, 640]',
    );
  });
});

function palettePng(): Uint8Array {
  const indexed = {
    width: 3,
    height: 1,
    channels: 1,
    depth: 2 as const,
    palette: [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ] as [number, number, number][],
    data: Uint8Array.of(0b10000100),
  };
  return encodePng(indexed);
}
