import { describe, expect, test } from 'vitest';
import { decodeCobs, encodeCobs } from '../../../devices/serial/cobs.ts';
import { createRandom } from './random.ts';

const count = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The examples of the paper's readers: en.wikipedia.org/wiki/Consistent_Overhead_Byte_Stuffing, "Encoding examples". */
const published: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[0x00], [0x01, 0x01]],
  [
    [0x00, 0x00],
    [0x01, 0x01, 0x01],
  ],
  [
    [0x00, 0x11, 0x00],
    [0x01, 0x02, 0x11, 0x01],
  ],
  [
    [0x11, 0x22, 0x00, 0x33],
    [0x03, 0x11, 0x22, 0x02, 0x33],
  ],
  [
    [0x11, 0x22, 0x33, 0x44],
    [0x05, 0x11, 0x22, 0x33, 0x44],
  ],
  [
    [0x11, 0x00, 0x00, 0x00],
    [0x02, 0x11, 0x01, 0x01, 0x01],
  ],
  [count(0x01, 0xfe), [0xff, ...count(0x01, 0xfe)]],
  [
    [0x00, ...count(0x01, 0xfe)],
    [0x01, 0xff, ...count(0x01, 0xfe)],
  ],
  [count(0x01, 0xff), [0xff, ...count(0x01, 0xfe), 0x02, 0xff]],
  [
    [...count(0x02, 0xff), 0x00],
    [0xff, ...count(0x02, 0xff), 0x01, 0x01],
  ],
  [
    [...count(0x03, 0xff), 0x00, 0x01],
    [0xfe, ...count(0x03, 0xff), 0x02, 0x01],
  ],
];

describe('COBS', () => {
  test.each(published)('published example %#', (bytes, encoded) => {
    // A block of 254 bytes at the very end may be followed by an empty one; both decode to the same.
    const ours = encodeCobs(Uint8Array.from(bytes));
    expect([...ours].slice(0, encoded.length)).toEqual(encoded);
    expect([...ours].slice(encoded.length).every((byte) => byte === 1)).toBe(true);
    expect(decodeCobs(Uint8Array.from(encoded))).toEqual(Uint8Array.from(bytes));
  });

  test('what is encoded has no zero and decodes to itself', () => {
    const random = createRandom(1);
    for (let round = 0; round < 300; round++) {
      const zeros = random();
      const bytes = Uint8Array.from({ length: Math.floor(random() * 1200) }, () => (random() < zeros ? 0 : Math.floor(random() * 256)));
      const encoded = encodeCobs(bytes);
      expect(encoded.includes(0)).toBe(false);
      expect(encoded.length).toBeLessThanOrEqual(bytes.length + Math.floor(bytes.length / 254) + 1);
      expect(decodeCobs(encoded)).toEqual(bytes);
    }
  });

  test('what is not the code of anything is refused', () => {
    expect(decodeCobs(Uint8Array.of(5, 1, 2))).toBeUndefined();
    expect(decodeCobs(Uint8Array.of(2, 1, 0, 3))).toBeUndefined();
  });
});
