/** Files that hold programs: UF2 against the npm package uf2, Intel HEX and ELF against GNU's objcopy. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import uf2 from 'uf2';
import { describe, expect, test } from 'vitest';
import { readElf } from '../../../devices/flash/elf.ts';
import { readIntelHex, writeIntelHex } from '../../../devices/flash/intel-hex.ts';
import { blocksOf, checkFits, joinSegments, type Segment } from '../../../devices/flash/segments.ts';
import { readUf2, writeUf2 } from '../../../devices/flash/uf2.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import { boardNamed, boards } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';
import { randomBytes } from './random-bytes.ts';

const at = (address: number, content: Uint8Array): Segment => ({ address, content });
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('segments', () => {
  test('are sorted and joined where they touch', () => {
    expect(joinSegments([at(12, bytes(3)), at(20, bytes()), at(10, bytes(1, 2)), at(14, bytes(4))], 'x')).toEqual([
      at(10, bytes(1, 2, 3)),
      at(14, bytes(4)),
    ]);
  });

  test('overlapping or empty ones are refused', () => {
    expect(() => joinSegments([at(10, bytes(1, 2)), at(11, bytes(3))], 'x.hex')).toThrow(/x\.hex: two parts claim 0x0000000b/);
    expect(() => joinSegments([], 'x.hex')).toThrow(/holds no bytes/);
  });

  test('blocks share what two segments leave between them, as erased flash', () => {
    const blocks = blocksOf([at(14, bytes(1, 2, 3)), at(18, bytes(4)), at(40, bytes(5))], 8);
    expect(blocks).toEqual([
      at(8, bytes(255, 255, 255, 255, 255, 255, 1, 2)),
      at(16, bytes(3, 255, 4, 255, 255, 255, 255, 255)),
      at(40, bytes(5, 255, 255, 255, 255, 255, 255, 255)),
    ]);
  });

  test('what does not fit names both sides', () => {
    const memory = { origin: 0x1000, bytes: 16 };
    expect(() => checkFits([at(0x100e, bytes(1, 2, 3))], memory, 'b')).toThrow(/ends at 0x00001011, 1 bytes behind/);
    expect(() => checkFits([at(0xffe, bytes(1, 2, 3))], memory, 'b')).toThrow(/begins at 0x00000ffe, but b takes programs at 0x00001000/);
    expect(() => checkFits([at(0x1000, new Uint8Array(16))], memory, 'b')).not.toThrow();
  });
});

describe('UF2', () => {
  const families = boards.flatMap(({ name, flashers }) =>
    flashers.flatMap((flasher) => (flasher.kind === 'uf2' ? [{ name, familyId: flasher.familyId, origin: flasher.origin }] : [])),
  );
  const program = randomBytes(3000, 2);

  test.for(families)('for $name is accepted by npm uf2 and reads back equal', ({ familyId, origin }) => {
    const file = writeUf2([at(origin, program)], familyId);
    const content = new Uint8Array(3072).fill(0xff);
    for (let start = 0; start < file.length; start += 512) {
      const block = uf2.decodeBlock(file.subarray(start, start + 512));
      expect(block).toMatchObject({
        blockNumber: start / 512,
        totalBlocks: 12,
        boardFamily: familyId,
        flags: uf2.UF2Flags.familyIDPresent,
      });
      content.set(block.payload, block.flashAddress - origin);
    }
    expect(file.length).toBe(12 * 512);
    expect(content.subarray(0, 3000)).toEqual(program);
    expect(readUf2(file, 'x.uf2')).toEqual({ segments: [at(origin, content)], familyIds: [familyId] });
  });

  test('reads what npm uf2 writes, whatever the order and the size of its payloads', () => {
    const block = (blockNumber: number, flashAddress: number, payload: Uint8Array, flags = 0) =>
      uf2.encodeBlock({ flags, flashAddress, payload, blockNumber, totalBlocks: 3, boardFamily: 0 });
    const file = Buffer.concat([
      block(1, 0x2000 + 476, program.subarray(476, 900)),
      block(0, 0x2000, program.subarray(0, 476)),
      block(2, 0x9000, bytes(1), uf2.UF2Flags.notMainFlash),
    ]);
    expect(readUf2(file, 'x.uf2')).toEqual({ segments: [at(0x2000, program.slice(0, 900))], familyIds: [] });
  });

  test('damaged, cut off and incomplete files are refused', () => {
    const file = writeUf2([at(0, program)], 1);
    const damaged = file.slice();
    damaged[512 + 509] = 0;
    expect(() => readUf2(damaged, 'x.uf2')).toThrow(/x\.uf2: block 1 is damaged/);
    expect(() => readUf2(file.subarray(0, 700), 'x.uf2')).toThrow(/has 700 bytes/);
    expect(() => readUf2(file.subarray(512), 'x.uf2')).toThrow(/has 11 of its 12 blocks/);
  });
});

describe('Intel HEX', () => {
  test('survives writing and reading, over 64 KB', () => {
    const segments = [at(0x0800fff8, randomBytes(40, 3)), at(0x08020003, randomBytes(5, 4))];
    expect(readIntelHex(writeIntelHex(segments), 'x.hex')).toEqual(segments);
  });

  test('reads the example of its specification, with segment addresses', () => {
    const text = ':020000021200EA\r\n:0300300002337A1E\r\n:0400000300003800C1\r\n:00000001FF\r\n';
    expect(readIntelHex(text, 'x.hex')).toEqual([at(0x12030, bytes(0x02, 0x33, 0x7a))]);
  });

  test('names the line that is damaged', () => {
    expect(() => readIntelHex(':0300300002337A1F\n:00000001FF\n', 'x.hex')).toThrow(/x\.hex, line 1: its checksum is wrong/);
    expect(() => readIntelHex(':0300300002337A1E\n', 'x.hex')).toThrow(/the end record is missing/);
    expect(() => readIntelHex('hello\n', 'x.hex')).toThrow(/line 1: is no record/);
    expect(() => readIntelHex(':0400300002337A1D\n', 'x.hex')).toThrow(/says it has 4 bytes of data but has 3/);
  });
});

describe.skipIf(!requireTool('arm-none-eabi-gcc'))('of a real program', () => {
  test('ELF, Intel HEX and raw bytes agree with objcopy', async () => {
    const board = boardNamed('netduinoplus2');
    const { elf, bin } = await buildFirmware(board, []);
    const raw = new Uint8Array(readFileSync(bin));
    const segments = readElf(new Uint8Array(readFileSync(elf)), board.core, elf);
    expect(segments[0]?.address).toBe(board.flash.origin);
    // objcopy fills the gap before the data with zeros.
    const laid = new Uint8Array(raw.length);
    for (const { address, content } of segments) laid.set(content, address - board.flash.origin);
    expect(laid).toEqual(raw);
    const folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
    try {
      execFileSync('arm-none-eabi-objcopy', ['-O', 'ihex', elf, join(folder, 'x.hex')]);
      expect(readIntelHex(readFileSync(join(folder, 'x.hex'), 'utf8'), 'x.hex')).toEqual(segments);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(() => readElf(new Uint8Array(readFileSync(elf)), 'rv32imc', 'x.elf')).toThrow(/is for Arm, the board has a rv32imc/);
    expect(() => readElf(new Uint8Array(readFileSync(elf)).subarray(0, 100), board.core, 'x.elf')).toThrow(/is cut off/);
  });
});
