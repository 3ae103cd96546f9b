/**
 * Which bytes of a packed model resemble which: the context of each byte, from nothing but the bytes before it, so that the
 * decoder finds the same. Words of tables by their place in the record, parameters by opcode and index, constants by dtype
 * and place in the number, metadata by the letter before.
 */
import * as format from '../../runtime-as/format.ts';
import { type ByteModel, byteModel } from './entropy-coder.ts';

/** Statistics of weights change little from layer to layer; words of tables and text are few. */
const WEIGHT_RATE = 6;
const WORD_RATE = 5;
const TEXT_RATE = 4;

const PLAIN = 255;

/** How often every constant may be in the tensor table. */
const SHARED_LIMIT = 64;

export class ByteContexts {
  private readonly models = new Map<string, ByteModel>();
  private readonly view: DataView;
  /** Dtype of the constant that a byte of the constants section belongs to; known once that section begins. */
  private dtypes: Uint8Array | undefined;
  private step = { end: 0, start: 0, opcode: 0 };

  /** @param bytes of the whole model; those before the asked position must be there already */
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private word(offset: number): number {
    return offset + 4 <= this.bytes.length ? this.view.getUint32(offset, true) : 0;
  }

  private header(index: number): number {
    return this.word(index * 4);
  }

  private model(name: string, rate: number): ByteModel {
    let model = this.models.get(name);
    if (!model) {
      model = byteModel(rate);
      this.models.set(name, model);
    }
    return model;
  }

  /** The model of the byte at this position; positions are asked in order. */
  at(position: number): ByteModel {
    if (position < format.HEADER_WORDS * 4) return this.model('header', WORD_RATE);
    const constants = this.header(format.HEADER_CONSTANTS_OFFSET);
    const metadata = this.header(format.HEADER_METADATA_OFFSET);
    if (position >= constants) return this.constant(position - constants);
    if (position >= metadata) return this.model(`text ${this.bytes[position - 1]}`, TEXT_RATE);
    const steps = this.header(format.HEADER_STEPS_OFFSET);
    if (position >= steps) return this.parameter(position, steps);
    const record = (position - this.header(format.HEADER_TENSORS_OFFSET)) % (format.TENSOR_WORDS * 4);
    return this.model(`record ${record}`, WORD_RATE);
  }

  private parameter(position: number, steps: number): ByteModel {
    if (position >= this.step.end) this.step = { start: position, end: position + 4, opcode: -1 };
    const { start } = this.step;
    if (position === start + 4 && start >= steps) {
      const first = this.word(start);
      this.step = { start, end: start + 4 * (1 + ((first >>> 8) & 0xff) + (first >>> 16)), opcode: first & 0xff };
    }
    return this.model(`step ${this.step.opcode} ${position - this.step.start}`, WORD_RATE);
  }

  private constant(offset: number): ByteModel {
    this.dtypes ??= this.constantDtypes();
    const dtype = this.dtypes[offset] ?? PLAIN;
    if (dtype === format.DTYPE_INT8) return this.model('weight', WEIGHT_RATE);
    return this.model(`number ${dtype} ${offset % 4}`, WORD_RATE);
  }

  /** Of the constants and the weights behind them. */
  private constantDtypes(): Uint8Array {
    const weights = Math.max(0, this.header(format.HEADER_WEIGHTS_OFFSET) - this.header(format.HEADER_CONSTANTS_OFFSET));
    const dtypes = new Uint8Array(Math.min(weights + this.header(format.HEADER_WEIGHTS_BYTES), this.bytes.length)).fill(PLAIN);
    // Tensors may share bytes, but a damaged table must not take forever.
    let left = SHARED_LIMIT * dtypes.length;
    for (let i = 0; i < this.header(format.HEADER_TENSOR_COUNT) && left > 0; i++) {
      const record = this.header(format.HEADER_TENSORS_OFFSET) + i * format.TENSOR_WORDS * 4;
      if (record + format.TENSOR_WORDS * 4 > this.bytes.length) break;
      const kind = this.word(record + format.TENSOR_KIND * 4);
      const region = (kind >>> 8) & 0xff;
      if (region === format.REGION_ARENA) continue;
      const offset = this.word(record + format.TENSOR_OFFSET * 4) + (region === format.REGION_WEIGHTS ? weights : 0);
      const size = this.word(record + format.TENSOR_BYTES * 4);
      dtypes.fill(kind & 0xff, offset, offset + size);
      left -= Math.min(size, dtypes.length) + 1;
    }
    return dtypes;
  }
}
