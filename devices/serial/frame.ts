/** The frames of protocol.ts, and the text between them. */
import { crc32 } from 'node:zlib';
import { decodeCobs, encodeCobs } from './cobs.ts';
import * as protocol from './protocol.ts';

export interface Frame {
  readonly type: number;
  readonly status: number;
  readonly sequence: number;
  readonly session: number;
  readonly payload: Uint8Array;
}

/** A frame as it travels, delimiters included. */
export function encodeFrame({ type, status, sequence, session, payload }: Frame): Uint8Array {
  const body = new Uint8Array(protocol.FRAME_PAYLOAD + payload.length + protocol.FRAME_CRC_BYTES);
  const view = new DataView(body.buffer);
  view.setUint8(protocol.FRAME_TYPE, type);
  view.setUint8(protocol.FRAME_STATUS, status);
  view.setUint16(protocol.FRAME_SEQUENCE, sequence, true);
  view.setUint32(protocol.FRAME_SESSION, session, true);
  body.set(payload, protocol.FRAME_PAYLOAD);
  const covered = body.length - protocol.FRAME_CRC_BYTES;
  view.setUint32(covered, crc32(body.subarray(0, covered)), true);
  const encoded = encodeCobs(body);
  const bytes = new Uint8Array(encoded.length + 3);
  bytes.set(encoded, 1);
  return bytes;
}

function decodeFrame(encoded: Uint8Array): Frame | undefined {
  const body = decodeCobs(encoded);
  const covered = (body?.length ?? 0) - protocol.FRAME_CRC_BYTES;
  if (!body || covered < protocol.FRAME_PAYLOAD) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  if (crc32(body.subarray(0, covered)) !== view.getUint32(covered, true)) return undefined;
  return {
    type: view.getUint8(protocol.FRAME_TYPE),
    status: view.getUint8(protocol.FRAME_STATUS),
    sequence: view.getUint16(protocol.FRAME_SEQUENCE, true),
    session: view.getUint32(protocol.FRAME_SESSION, true),
    payload: body.slice(protocol.FRAME_PAYLOAD, covered),
  };
}

export type Received = { readonly frame: Frame } | { readonly text: string } | { readonly damaged: Uint8Array };

/** More bytes than any frame has without a delimiter are given up. */
const PENDING_MAX = 1 << 16;

/** Bytes as they come from a board → frames, lines of text, and what is neither. */
export class FrameReader {
  private pending: Uint8Array = new Uint8Array(0);
  /** Whether `pending` begins behind a delimiter, so that its first two bytes may be a block's length and a frame's type. */
  private isDelimited = false;

  receive(bytes: Uint8Array): Received[] {
    const all = new Uint8Array(this.pending.length + bytes.length);
    all.set(this.pending);
    all.set(bytes, this.pending.length);
    const received: Received[] = [];
    let start = 0;
    for (let at = this.pending.length; at < all.length; at++) {
      if (all[at] === 0) {
        if (at > start) received.push(this.classify(all.subarray(start, at)));
        start = at + 1;
        this.isDelimited = true;
      } else if (all[at] === 0x0a && at - start >= (this.isDelimited ? 2 : 0) && isText(all.subarray(start, at + 1))) {
        received.push({ text: textOf(all.subarray(start, at + 1)) });
        start = at + 1;
        this.isDelimited = false;
      }
    }
    this.pending = all.length - start > PENDING_MAX ? new Uint8Array(0) : all.slice(start);
    return received;
  }

  private classify(encoded: Uint8Array): Received {
    const frame = decodeFrame(encoded);
    if (frame) return { frame };
    return isText(encoded) ? { text: textOf(encoded) } : { damaged: encoded.slice() };
  }
}

/** Printable ASCII, tabs and line ends. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/[\r\n]+$/, '');
}
