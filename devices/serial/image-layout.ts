/** Where a board image's tensors lie, read from the image itself (runtime-as/board-image.ts). */
import * as boardImage from '../../runtime-as/board-image.ts';
import * as format from '../../runtime-as/format.ts';
import * as protocol from './protocol.ts';

/** A tensor as the monitor reads and writes it. */
export interface PlacedTensor {
  /** AREA_ARENA or AREA_IMAGE. */
  readonly area: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface PlacedStep {
  readonly opcode: number;
  readonly output: PlacedTensor;
  /** Whether the output lies where an operand lay: a second run would start from other bytes. */
  readonly inPlace: boolean;
}

export interface ImageLayout {
  readonly inputs: readonly PlacedTensor[];
  readonly outputs: readonly PlacedTensor[];
  readonly steps: readonly PlacedStep[];
}

function overlap(a: PlacedTensor, b: PlacedTensor): boolean {
  return a.area === b.area && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

/** @param image as writeBoardImage makes it */
export function readImageLayout(image: Uint8Array): ImageLayout {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const word = (offset: number) => view.getUint32(offset, true);
  const header = (index: number) => word(index * 4);
  let at = boardImage.IMAGE_HEADER_WORDS * 4;
  const tensors = Array.from({ length: header(boardImage.IMAGE_TENSOR_COUNT) }, (_, i): PlacedTensor => {
    const record = at + i * format.TENSOR_WORDS * 4;
    const isArena = word(record + format.TENSOR_KIND * 4) >>> 8 === format.REGION_ARENA;
    return {
      area: isArena ? protocol.AREA_ARENA : protocol.AREA_IMAGE,
      offset: word(record + format.TENSOR_OFFSET * 4),
      bytes: word(record + format.TENSOR_BYTES * 4),
    };
  });
  at += tensors.length * format.TENSOR_WORDS * 4;
  const ports = (count: number) =>
    Array.from({ length: count }, () => {
      const tensor = tensors[word(at + boardImage.PORT_TENSOR * 4)] as PlacedTensor;
      at += boardImage.PORT_WORDS * 4;
      return tensor;
    });
  const inputs = ports(header(boardImage.IMAGE_INPUT_COUNT));
  const outputs = ports(header(boardImage.IMAGE_OUTPUT_COUNT));
  const steps = Array.from({ length: header(boardImage.IMAGE_STEP_COUNT) }, (): PlacedStep => {
    at += boardImage.STEP_PREFIX_WORDS * 4;
    const first = word(at);
    const operandCount = (first >>> 8) & 0xff;
    at += 4 * (1 + (first >>> 16));
    const operands = Array.from({ length: operandCount }, (_, i) => tensors[word(at + i * 4)] as PlacedTensor);
    at += 4 * operandCount;
    const output = operands.pop() as PlacedTensor;
    return { opcode: first & 0xff, output, inPlace: operands.some((operand) => overlap(operand, output)) };
  });
  return { inputs, outputs, steps };
}
