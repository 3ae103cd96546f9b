/** The board image, read here by its specification and compared with the packed model that it was made from. */
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PackedModel, readPackedModel } from '../../../compiler/packed/read.ts';
import { type PackedRecords, readRecords, type TensorRecord } from '../../../compiler/packed/records.ts';
import * as boardImage from '../../../runtime-as/board-image.ts';
import * as format from '../../../runtime-as/format.ts';
import { type BoardImage, writeBoardImage } from '../../../targets/mcu/image.ts';
import { int8Model } from '../../int8-model.ts';

let model: PackedModel;
let records: PackedRecords;

beforeAll(async () => {
  model = readPackedModel(await int8Model());
  records = readRecords(model);
});

/** The operands of which a kernel that has prepared weights reads nothing. */
const replaced: ReadonlyMap<number, readonly number[]> = new Map([
  [format.OPCODE_CONV2D_INT8, [1, 2, 3]],
  [format.OPCODE_DEPTHWISE_INT8, [1, 2, 3]],
]);

describe.for([
  ['scalar', boardImage.VOCABULARY_SCALAR],
  ['dsp', boardImage.VOCABULARY_DSP],
] as const)('the image for %s', ([vocabulary, code]) => {
  let image: BoardImage;
  let word: (offset: number) => number;
  beforeAll(async () => {
    image = await writeBoardImage(model, vocabulary);
    const view = new DataView(image.bytes.buffer);
    word = (offset) => view.getUint32(offset, true);
  });

  const header = (index: number) => word(index * 4);
  const tensorsOffset = boardImage.IMAGE_HEADER_WORDS * 4;
  const tensorWord = (index: number, part: number) => word(tensorsOffset + (index * format.TENSOR_WORDS + part) * 4);
  const portsOffset = () => tensorsOffset + header(boardImage.IMAGE_TENSOR_COUNT) * format.TENSOR_WORDS * 4;
  const portCount = () => header(boardImage.IMAGE_INPUT_COUNT) + header(boardImage.IMAGE_OUTPUT_COUNT);
  const stepsOffset = () => portsOffset() + portCount() * boardImage.PORT_WORDS * 4;

  test('the header says what the image is, and its CRC covers the rest', () => {
    expect(header(boardImage.IMAGE_HEADER_MAGIC)).toBe(boardImage.IMAGE_MAGIC);
    expect(Buffer.from(image.bytes.subarray(0, 4)).toString()).toBe('WHTB');
    expect(header(boardImage.IMAGE_HEADER_VERSION)).toBe(boardImage.IMAGE_VERSION);
    expect(header(boardImage.IMAGE_BYTES)).toBe(image.bytes.length);
    expect(header(boardImage.IMAGE_CRC32)).toBe(crc32(image.bytes.subarray(16)));
    expect(header(boardImage.IMAGE_PACKED_CRC32)).toBe(records.crc32);
    expect(header(boardImage.IMAGE_VOCABULARY)).toBe(code);
    expect(header(boardImage.IMAGE_ARENA_BYTES)).toBe(model.arenaBytes);
    expect(header(boardImage.IMAGE_ARENA_BYTES) % format.SECTION_ALIGNMENT).toBe(0);
    expect(image.bytes.length % 4).toBe(0);
  });

  test('every step has the opcode, parameters and operands of the packed one, and its constants the same bytes', () => {
    let at = stepsOffset();
    records.steps.forEach((step, i) => {
      expect(word(at)).toBe(image.steps[i]?.preparedOffset);
      const record = at + boardImage.STEP_PREFIX_WORDS * 4;
      expect(record).toBe(image.steps[i]?.recordOffset);
      expect(word(record)).toBe((step.opcode | (step.operands.length << 8) | (step.parameters.length << 16)) >>> 0);
      const operands = record + 4 + step.parameters.length * 4;
      step.parameters.forEach((value, p) => expect(word(record + 4 + p * 4)).toBe(value));
      step.operands.forEach((index, operand) => {
        const packed = records.tensors[index] as TensorRecord;
        const found = word(operands + operand * 4);
        if (replaced.get(step.opcode)?.includes(operand)) return expect(image.steps[i]?.preparedOffset).toBeGreaterThan(0);
        expect(found).toBeLessThan(header(boardImage.IMAGE_TENSOR_COUNT));
        expect(tensorWord(found, format.TENSOR_KIND)).toBe(packed.dtype | (packed.region << 8));
        expect(tensorWord(found, format.TENSOR_BYTES)).toBe(packed.bytes);
        const offset = tensorWord(found, format.TENSOR_OFFSET);
        if (packed.region === format.REGION_ARENA) return expect(offset).toBe(packed.offset);
        expect(offset % (packed.bytes >= 16 ? 16 : 4)).toBe(0);
        const expected = records.constants.subarray(packed.offset, packed.offset + packed.bytes);
        expect(Buffer.compare(image.bytes.subarray(offset, offset + packed.bytes), expected)).toBe(0);
      });
      at = operands + step.operands.length * 4;
    });
    expect(records.steps.length).toBe(6);
    expect(at).toBeLessThanOrEqual(Math.min(...image.parts.map(({ offset }) => offset)));
  });

  test('ports carry their quantization', () => {
    const [input, output] = [portsOffset(), portsOffset() + boardImage.PORT_WORDS * 4];
    const float = new DataView(image.bytes.buffer).getFloat32(input + boardImage.PORT_SCALE_F32 * 4, true);
    expect(float).toBe(Math.fround(model.metadata.inputs[0]?.scale as number));
    expect(word(input + boardImage.PORT_ZERO_POINT * 4) | 0).toBe(model.metadata.inputs[0]?.zeroPoint);
    expect(word(output + boardImage.PORT_ZERO_POINT * 4) | 0).toBe(model.metadata.outputs[0]?.zeroPoint);
    expect(tensorWord(word(input), format.TENSOR_BYTES)).toBe(12 * 10 * 3);
  });

  test('parts neither overlap nor leave the image, and no constant is there twice', () => {
    let end = 0;
    for (const { offset, bytes } of image.parts) {
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + bytes;
    }
    expect(end).toBeLessThanOrEqual(image.bytes.length);
    const stored = image.parts.reduce((sum, { bytes }) => sum + bytes, 0);
    // Prepared weights are padded to whole blocks.
    expect(stored).toBeLessThanOrEqual(image.payloadBytes * 1.4);
  });

  test('the same model gives the same image', async () => {
    expect(Buffer.compare((await writeBoardImage(model, vocabulary)).bytes, image.bytes)).toBe(0);
  });
});
