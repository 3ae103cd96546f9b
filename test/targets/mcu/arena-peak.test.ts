import { expect, test } from 'vitest';
import type { PackedRecords, TensorRecord } from '../../../compiler/packed/records.ts';
import * as format from '../../../runtime-as/format.ts';
import { arenaPeak } from '../../../targets/mcu/arena-peak.ts';

const arena = (offset: number, bytes: number): TensorRecord => ({
  dtype: format.DTYPE_INT8,
  region: format.REGION_ARENA,
  offset,
  bytes,
  promises: 0,
});
const step = (...operands: number[]) => ({ opcode: 1, offset: 0, bytes: 0, operands, parameters: [] });

/** x → a; a, x → b in the bytes of a; b → y */
const records: PackedRecords = {
  tensors: [arena(0, 100), arena(112, 300), arena(112, 300), arena(0, 50), { ...arena(0, 9999), region: format.REGION_CONSTANTS }],
  steps: [step(0, 4, 1), step(1, 0, 2), step(2, 4, 3)],
  inputs: [0],
  outputs: [3],
  constants: new Uint8Array(),
  crc32: 0,
};

test('bytes that two tensors share count once, constants do not count', () => {
  expect(arenaPeak(records)).toEqual({ step: 0, liveBytes: 400, tensorBytes: [300, 100] });
});

test('a tensor is live from the step that makes it to the last that reads it', () => {
  const longer = { ...records, steps: [...records.steps, step(3, 0, 3)] };
  expect(arenaPeak({ ...longer, tensors: records.tensors.map((tensor, i) => (i === 3 ? arena(500, 60) : tensor)) })).toEqual({
    step: 2,
    liveBytes: 460,
    tensorBytes: [300, 100, 60],
  });
});
