/** Names of an emitted C package: one model name becomes a library, a C prefix and a macro prefix. */
import { packageName } from '../web-package.ts';

export interface Names {
  /** Of the library, the folder and the files: letters, digits, underscores. */
  readonly library: string;
  /** Prefix of every C symbol, the same letters. */
  readonly symbol: string;
  /** Prefix of every macro. */
  readonly macro: string;
}

/** Headers that an `#include <…>` of the standard library or of a board's core must go on finding. */
const takenHeaders = new Set(
  (
    'arduino assert client complex ctype errno fenv float inttypes ios iso646 iterator limits list locale main map math memory new print ' +
    'queue server set setjmp signal span stack stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn stream string ' +
    'strings tgmath thread threads time uchar udp unistd utility vector version wchar wctype wiring wire spi ' +
    'whittle_port whittle_float whittle_board whittle_dsp whittle_mve'
  ).split(' '),
);

/** @param name any model name */
export function namesOf(name: string): Names {
  const plain = packageName(name).replaceAll('-', '_');
  const symbol = /^\d/.test(plain) || takenHeaders.has(plain) ? `model_${plain}` : plain;
  return { library: symbol, symbol, macro: symbol.toUpperCase() };
}

/** Text that may stand in a C comment. */
export function commentText(text: string): string {
  return text
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .replace(/[^\x20-\x7e]+/g, '?')
    .replaceAll('??', '?');
}

/** A C string literal. */
export function stringLiteral(text: string): string {
  const bytes = [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\' || character === '?') return `\\${character}`;
    return byte >= 0x20 && byte < 0x7f ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

/** A C literal of exactly this float32. */
export function floatLiteral(value: number): string {
  const text = String(Math.fround(value));
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}
