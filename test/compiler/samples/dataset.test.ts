import { encode as encodePng } from 'fast-png';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { InputFileError } from '../../../compiler/errors.ts';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { npyBytes } from './npy-bytes.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const inputs = [{ name: 'x', shape: [1, 2, 1, 2] }];

scratch.write(
  'x.bin',
  Uint8Array.from({ length: 12 }, (_, i) => i),
);
scratch.write('y.u8', Uint8Array.of(2, 0, 1));
scratch.write('y.u16', new Uint8Array(Uint16Array.of(300, 0, 1).buffer));

const stored = { file: 'x.bin', dtype: 'uint8', shape: [3, 1, 2, 2], layout: 'NHWC' };
const base = { samples: stored, labels: { file: 'y.u8', dtype: 'uint8' } };

let written = 0;
function load(dataset: unknown, limit?: number) {
  const path = scratch.write(`${written++}.dataset.json`, typeof dataset === 'string' ? dataset : JSON.stringify(dataset));
  return loadSamples(path, { inputs, ...(limit !== undefined && { limit }) });
}

describe('*.dataset.json', () => {
  it('reads raw values, labels and classes', () => {
    const samples = load({ ...base, classes: ['a', 'b', 'c'] });
    expect(samples.count).toBe(3);
    expect([...(samples.sample(1)[0] as Float32Array)]).toEqual([4, 5, 6, 7]);
    expect([0, 1, 2].map((i) => samples.label?.(i))).toEqual([2, 0, 1]);
    expect(samples.classes).toEqual(['a', 'b', 'c']);
    expect(samples.metric).toBe('top1');
    expect(samples.layouts).toEqual([{ shape: [1, 2, 2], order: 'channels-last' }]);
  });

  it('applies (stored + offset) · scale per channel', () => {
    const last = load({ ...base, preprocess: { offset: [-4, 0], scale: [2, 0.5] } });
    expect([...(last.sample(1)[0] as Float32Array)]).toEqual([0, 2.5, 4, 3.5]);
    const first = load({ samples: { ...stored, shape: [3, 2, 1, 2], layout: 'NCHW' }, preprocess: { offset: [-4, 0], scale: [2, 0.5] } });
    expect([...(first.sample(1)[0] as Float32Array)]).toEqual([0, 2, 3, 3.5]);
  });

  it('reads signed samples and 16-bit labels that are shifted against the outputs', () => {
    scratch.write('signed.bin', Uint8Array.of(0x80, 127, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    const samples = load({
      samples: { ...stored, file: 'signed.bin', dtype: 'int8' },
      labels: { file: 'y.u16', dtype: 'uint16', outputIndexOffset: 1 },
      classes: ['a', 'b'],
    });
    expect([...(samples.sample(0)[0] as Float32Array)]).toEqual([-128, 127, -1, 0]);
    expect(samples.label?.(0)).toBe(301);
    expect(samples.classes).toEqual(['output 0', 'a', 'b']);
  });

  it('reads one array of an .npz file, and its labels', () => {
    const x = npyBytes({ descr: '|u1', shape: [3, 1, 2, 2], data: Uint8Array.from({ length: 12 }, (_, i) => i) });
    const y = npyBytes({ descr: '|u1', shape: [3], data: Uint8Array.of(2, 0, 1) });
    scratch.write('data.npz', zipSync({ 'test.npy': x, 'test_labels.npy': y }));
    const npz = { samples: { file: 'data.npz', array: 'test', layout: 'NHWC' }, labels: { file: 'data.npz', array: 'test_labels' } };
    const samples = load(npz);
    expect([...(samples.sample(1)[0] as Float32Array)]).toEqual([4, 5, 6, 7]);
    expect([0, 1, 2].map((i) => samples.label?.(i))).toEqual([2, 0, 1]);
    expect(() => load({ samples: { ...npz.samples, array: 'train' } })).toThrow(/no array is named "train"; it holds test, test_labels/);
    expect(() => load({ ...npz, labels: { file: 'data.npz', array: 'test' } })).toThrow(/holds 12 labels for 3 samples/);
  });

  it('reads a folder of images with a size of its own', () => {
    const png = encodePng({ width: 4, height: 2, channels: 3, depth: 8, data: new Uint8Array(24).fill(100) });
    scratch.write('images/0.png', png);
    const path = scratch.write(
      'images.dataset.json',
      JSON.stringify({ samples: { folder: 'images', resize: { width: 3, height: 2 } }, preprocess: { offset: 0, scale: 0.5 } }),
    );
    const samples = loadSamples(path, { inputs: [{ name: 'x', shape: [1, 3, 8, 8] }] });
    expect(samples.layouts).toEqual([{ shape: [2, 3, 3], order: 'channels-last' }]);
    expect(new Set(samples.sample(0)[0])).toEqual(new Set([50]));
  });

  it('spreads a limit over the set, labels with it', () => {
    const samples = load(base, 2);
    expect(samples.count).toBe(2);
    expect([...(samples.sample(1)[0] as Float32Array)]).toEqual([4, 5, 6, 7]);
    expect([0, 1].map((i) => samples.label?.(i))).toEqual([2, 0]);
    expect(load(base, 10).count).toBe(3);
  });

  it('has a hash that follows the data and the description', () => {
    expect(load(base).hash()).toBe(load(base).hash());
    expect(load(base).hash()).not.toBe(load({ ...base, preprocess: { scale: 2 } }).hash());
  });

  it.each([
    ['{', 'is not valid JSON'],
    [{}, '"samples" must name a "file" or a "folder"'],
    [{ samples: { ...stored, file: 'nowhere.bin' } }, 'nowhere.bin: does not exist; check the path'],
    [{ samples: { ...stored, shape: [4, 1, 2, 2] } }, 'x.bin: holds 12 bytes, uint8 [4, 1, 2, 2] needs 16; correct dtype or shape in'],
    [{ samples: { ...stored, shape: [3, 0] } }, '"samples.shape" must be a list of positive integers'],
    [{ samples: { ...stored, dtype: 'complex64' } }, 'dtype "complex64" of'],
    [{ samples: { ...stored, layout: 'HWCN' } }, '"samples.layout" is "HWCN"; known are NHWC'],
    [{ ...base, labels: { file: 'y.u16', dtype: 'uint8' } }, 'y.u16: holds 6 bytes, uint8 [3] needs 3'],
    [{ samples: stored, metric: 'top1' }, 'there are no "labels"'],
    [{ ...base, metric: 'auc' }, '"metric" is "auc"; known are "top1" and "agreement"'],
    [{ ...base, preprocess: { scale: [1, 2, 3] } }, 'preprocess.scale has 3 entries, the samples have 2 channel(s)'],
    [{ ...base, preprocess: { scale: 'half' } }, '"preprocess.scale" must be a number, or a list'],
    [{ samples: { folder: 'images', resize: { width: 0, height: 3 } } }, '"samples.resize" needs a positive integer'],
  ])('refuses %j', (dataset, message) => {
    expect(() => load(dataset)).toThrow(InputFileError);
    expect(() => load(dataset)).toThrow(message);
  });

  it('refuses paths of no known kind', () => {
    expect(() => loadSamples(scratch.path('x.bin'), { inputs })).toThrow('not a kind of samples; give a *.dataset.json');
    expect(() => loadSamples(scratch.path('nothing.npy'), { inputs })).toThrow('nothing.npy: does not exist');
    expect(() => load(base, 0)).toThrow('--limit 0: at least one sample is needed');
  });
});
