import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { decodeNpy } from '../../../compiler/samples/npy.ts';
import { floatNpy, npyBytes } from './npy-bytes.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const values = [0, 1, 2, 3, 100, 127];

const typed: readonly [string, ArrayBufferView][] = [
  ['<f4', Float32Array.from(values)],
  ['<f8', Float64Array.from(values)],
  ['|u1', Uint8Array.from(values)],
  ['|i1', Int8Array.from(values)],
  ['<i2', Int16Array.from(values)],
  ['<u2', Uint16Array.from(values)],
  ['<i4', Int32Array.from(values)],
  ['<i8', BigInt64Array.from(values.map(BigInt))],
];

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

describe('decodeNpy', () => {
  it.each(typed)('reads dtype %s', (descr, data) => {
    const array = decodeNpy(npyBytes({ descr, shape: [2, 3], data: bytesOf(data) }), 'x.npy');
    expect(array.shape).toEqual([2, 3]);
    expect([...array.data]).toEqual(values);
  });

  it('reads negative and large numbers of every signed type', () => {
    const i64 = BigInt64Array.from([-1n, 1n << 40n]);
    expect([...decodeNpy(npyBytes({ descr: '<i8', shape: [2], data: bytesOf(i64) }), 'x').data]).toEqual([-1, 2 ** 40]);
    expect([...decodeNpy(npyBytes({ descr: '|i1', shape: [1], data: Uint8Array.of(0x80) }), 'x').data]).toEqual([-128]);
  });

  it('reads big-endian data', () => {
    expect([...decodeNpy(npyBytes({ descr: '>i2', shape: [2], data: Uint8Array.of(1, 2, 0xff, 0xfe) }), 'x').data]).toEqual([258, -2]);
  });

  it.each([1, 2, 3] as const)('reads header version %i', (version) => {
    const array = decodeNpy(npyBytes({ descr: '|u1', shape: [3], data: Uint8Array.of(7, 8, 9), version }), 'x.npy');
    expect([...array.data]).toEqual([7, 8, 9]);
  });

  it('reorders Fortran order to row-major', () => {
    // numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)).tofile order
    const fortran: number[] = [];
    for (let c = 0; c < 4; c++) for (let b = 0; b < 3; b++) for (let a = 0; a < 2; a++) fortran.push(a * 12 + b * 4 + c);
    const array = decodeNpy(npyBytes({ descr: '|u1', shape: [2, 3, 4], data: Uint8Array.from(fortran), fortranOrder: true }), 'x');
    expect([...array.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  it('refuses what is not an array of numbers', () => {
    expect(() => decodeNpy(Uint8Array.from({ length: 100 }), 'a.npy')).toThrow('a.npy: is not a .npy file');
    expect(() => decodeNpy(npyBytes({ descr: '<U8', shape: [1], data: new Uint8Array(32) }), 'a.npy')).toThrow("has dtype '<U8'");
    expect(() => decodeNpy(npyBytes({ descr: '<f4', shape: [2, 3], data: new Uint8Array(20) }), 'a.npy')).toThrow(
      "a.npy: shape [2, 3] of '<f4' needs 24 bytes, the file holds 20; it is damaged, save it again",
    );
    expect(() => decodeNpy(floatNpy([2], [1, 2]).subarray(0, 40), 'a.npy')).toThrow('the header is cut off');
  });
});

describe('samples from .npy and .npz', () => {
  const inputs = [{ name: 'x', shape: [1, 2, 2] }];

  it('takes the first extent as the number of samples', () => {
    const samples = loadSamples(
      scratch.write(
        'a.npy',
        floatNpy(
          [3, 2, 2],
          Array.from({ length: 12 }, (_, i) => i),
        ),
      ),
      { inputs },
    );
    expect(samples.count).toBe(3);
    expect(samples.sample(1).map((array) => [...array])).toEqual([[4, 5, 6, 7]]);
    expect(samples.metric).toBe('agreement');
    expect(samples.hash()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes an array of the shape of one sample as one sample', () => {
    expect(loadSamples(scratch.write('one.npy', floatNpy([2, 2], [1, 2, 3, 4])), { inputs }).count).toBe(1);
  });

  const pair = [
    { name: 'a', shape: [1, 2] },
    { name: 'b', shape: [1, 1] },
  ];

  it('matches arrays with inputs by name and reads labels', () => {
    const path = scratch.write(
      'pair.npz',
      zipSync({
        'b.npy': floatNpy([2, 1], [5, 6]),
        'a.npy': floatNpy([2, 2], [1, 2, 3, 4]),
        'y.npy': npyBytes({ descr: '<i8', shape: [2], data: bytesOf(BigInt64Array.of(1n, 0n)) }),
      }),
    );
    const samples = loadSamples(path, { inputs: pair });
    expect(samples.sample(1).map((array) => [...array])).toEqual([[3, 4], [6]]);
    expect([0, 1].map((i) => samples.label?.(i))).toEqual([1, 0]);
    expect(samples.metric).toBe('top1');
  });

  it('takes the only array for the only input, whatever it is called', () => {
    const path = scratch.write('only.npz', zipSync({ 'arr_0.npy': floatNpy([1, 2, 2], [1, 2, 3, 4]) }));
    expect([...(loadSamples(path, { inputs }).sample(0)[0] as Float32Array)]).toEqual([1, 2, 3, 4]);
  });

  it('says which array is missing, unequal or unlabelled', () => {
    const missing = scratch.write('missing.npz', zipSync({ 'a.npy': floatNpy([2, 2], [1, 2, 3, 4]), 'c.npy': floatNpy([1], [1]) }));
    expect(() => loadSamples(missing, { inputs: pair })).toThrow(
      `${missing}: no array is named "b"; it holds a, c, the model's inputs are a, b`,
    );
    const unequal = scratch.write('unequal.npz', zipSync({ 'a.npy': floatNpy([2, 2], [1, 2, 3, 4]), 'b.npy': floatNpy([1, 1], [1]) }));
    expect(() => loadSamples(unequal, { inputs: pair })).toThrow('array "b" holds 1 samples, array "a" 2; they must be equal');
    const labels = scratch.write('labels.npz', zipSync({ 'x.npy': floatNpy([1, 2, 2], [1, 2, 3, 4]), 'y.npy': floatNpy([2], [0, 1]) }));
    expect(() => loadSamples(labels, { inputs })).toThrow('array "y" holds 2 labels for 1 samples');
    expect(() => loadSamples(scratch.path('a.npy'), { inputs: pair })).toThrow('numpy.savez');
    expect(() => loadSamples(scratch.write('damaged.npz', 'PK no zip'), { inputs })).toThrow('damaged.npz: is not a readable .npz file');
  });
});
