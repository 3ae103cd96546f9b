import { describe, expect, test } from 'vitest';
import { encodeFrame, type Frame, FrameReader, type Received } from '../../../devices/serial/frame.ts';
import { createRandom } from './random.ts';

const random = createRandom(2);
const randomFrame = (): Frame => ({
  type: 0x80 + Math.floor(random() * 30),
  status: Math.floor(random() * 10),
  sequence: Math.floor(random() * 0x10000),
  session: Math.floor(random() * 2 ** 32),
  payload: Uint8Array.from({ length: Math.floor(random() * 600) }, () => Math.floor(random() * 300) & 0xff),
});

/** The bytes in pieces of random length. */
function inPieces(bytes: Uint8Array): Received[] {
  const reader = new FrameReader();
  const received: Received[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + Math.floor(random() * 50);
    received.push(...reader.receive(bytes.subarray(at, at + length)));
    at += length;
  }
  return received;
}

describe('frames', () => {
  test('frames and lines of text come out as they went in, in whatever pieces', () => {
    const sent: Received[] = [];
    const bytes: number[] = [];
    for (let i = 0; i < 200; i++) {
      if (random() < 0.3) {
        const text = `m-lap-us-${i}`;
        sent.push({ text });
        bytes.push(...new TextEncoder().encode(`${text}\r\n`));
      } else {
        const frame = randomFrame();
        sent.push({ frame });
        bytes.push(...encodeFrame(frame));
      }
    }
    expect(inPieces(Uint8Array.from(bytes))).toEqual(sent);
  });

  test('a flipped bit never gives another frame, and spoils no second one', () => {
    for (let i = 0; i < 300; i++) {
      const frame = randomFrame();
      const next = randomFrame();
      const first = encodeFrame(frame);
      const at = 1 + Math.floor(random() * (first.length - 2));
      first[at] = (first[at] as number) ^ (1 << Math.floor(random() * 8));
      const received = inPieces(Uint8Array.from([...first, ...encodeFrame(next)]));
      expect(received.filter((item) => 'frame' in item)).toEqual([{ frame: next }]);
    }
  });

  test('a line that is no text and has no end is given up', () => {
    const reader = new FrameReader();
    for (let i = 0; i < 70; i++) expect(reader.receive(new Uint8Array(1024).fill(0x80))).toEqual([]);
    const frame = randomFrame();
    expect(reader.receive(encodeFrame(frame)).filter((item) => 'frame' in item)).toEqual([{ frame }]);
  });
});
