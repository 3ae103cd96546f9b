/**
 * An adaptive binary range coder (as in LZMA: Martin 1979, Pavlov 2001): every byte is eight decisions in a tree, each with a
 * probability of its own that follows what was seen. Integers only, so that every host decodes the same bytes.
 */

const PROBABILITY_BITS = 12;
const TOP = 2 ** 24;
const WORD = 2 ** 32;

/** What one context has learnt: the probability that a bit is 0, and how often it was asked, for each node of the tree. */
export interface ByteModel {
  readonly probabilities: Uint16Array;
  readonly counts: Uint8Array;
  /** Probabilities move by 1/2^rate of the distance, faster while they are new. */
  readonly rate: number;
}

export function byteModel(rate: number): ByteModel {
  return { probabilities: new Uint16Array(256).fill(2 ** (PROBABILITY_BITS + 3)), counts: new Uint8Array(256), rate };
}

/** 1 + ⌊log2(count + 1)⌋: how far the average over so many bits moves by the next one. */
const SHIFTS = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, count) => 1 + Math.floor(Math.log2(count + 1)));

/** The probability of a 0 as 12 bits, never 0 or 1. */
function probabilityOf(model: ByteModel, node: number): number {
  return Math.max(1, Math.min(2 ** PROBABILITY_BITS - 1, (model.probabilities[node] as number) >>> 4));
}

function learn(model: ByteModel, node: number, bit: number): void {
  const count = model.counts[node] as number;
  const shift = Math.min(model.rate, SHIFTS[count] as number);
  const probability = model.probabilities[node] as number;
  model.probabilities[node] = probability + (((bit === 0 ? 0xffff : 0) - probability) >> shift);
  if (count < 255) model.counts[node] = count + 1;
}

export class ByteEncoder {
  private low = 0;
  private range = WORD - 1;
  private cache = 0;
  private pending = 0;
  private isFirst = true;
  private readonly output: number[] = [];

  encode(model: ByteModel, byte: number): void {
    let node = 1;
    for (let mask = 128; mask; mask >>= 1) {
      const bit = byte & mask ? 1 : 0;
      const bound = (this.range >>> PROBABILITY_BITS) * probabilityOf(model, node);
      if (bit === 0) this.range = bound;
      else {
        this.low += bound;
        this.range -= bound;
      }
      learn(model, node, bit);
      node = 2 * node + bit;
      while (this.range < TOP) {
        this.range = (this.range * 256) >>> 0;
        this.shift();
      }
    }
  }

  /** Hands out the top byte once no carry can change it any more. */
  private shift(): void {
    if (this.low < 0xff000000 || this.low >= WORD) {
      const carry = this.low >= WORD ? 1 : 0;
      if (!this.isFirst) this.output.push((this.cache + carry) & 0xff);
      for (; this.pending > 0; this.pending--) this.output.push((0xff + carry) & 0xff);
      this.isFirst = false;
      this.cache = Math.floor(this.low / TOP) & 0xff;
    } else {
      this.pending++;
    }
    this.low = (this.low % TOP) * 256;
  }

  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.shift();
    // The decoder reads zeros behind the end.
    let length = this.output.length;
    while (length > 0 && this.output[length - 1] === 0) length--;
    return Uint8Array.from(this.output.slice(0, length));
  }
}

export class ByteDecoder {
  private range = WORD - 1;
  private code = 0;
  private at = 0;

  constructor(private readonly input: Uint8Array) {
    for (let i = 0; i < 4; i++) this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  private next(): number {
    return this.input[this.at++] ?? 0;
  }

  decode(model: ByteModel): number {
    let node = 1;
    for (let i = 0; i < 8; i++) {
      const bound = (this.range >>> PROBABILITY_BITS) * probabilityOf(model, node);
      const bit = this.code < bound ? 0 : 1;
      if (bit === 0) this.range = bound;
      else {
        this.code = (this.code - bound) >>> 0;
        this.range -= bound;
      }
      learn(model, node, bit);
      node = 2 * node + bit;
      while (this.range < TOP) {
        this.range = (this.range * 256) >>> 0;
        this.code = ((this.code << 8) | this.next()) >>> 0;
      }
    }
    return node & 0xff;
  }
}
