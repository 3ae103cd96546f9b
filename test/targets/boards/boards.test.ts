/** What must hold for every board; family numbers against Microsoft's list, which the npm package uf2 carries. */
import uf2 from 'uf2';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../compiler/errors.ts';
import { compilerOf } from '../../../targets/boards/cores.ts';
import { boardNamed, boards } from '../../../targets/boards/index.ts';

/** What each core can execute at most. */
const capability = {
  'cortex-m0': 'scalar',
  'cortex-m0plus': 'scalar',
  'cortex-m3': 'scalar',
  'cortex-m4': 'dsp',
  'cortex-m7': 'dsp',
  'cortex-m33': 'dsp',
  'cortex-m55': 'mve',
  rv32imc: 'scalar',
  'xtensa-lx7': 'scalar',
} as const;

test('names are unique and fit a command line', () => {
  expect(new Set(boards.map(({ name }) => name)).size).toBe(boards.length);
  for (const { name } of boards) expect(name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
});

describe.for(boards)('$name', (board) => {
  test('is consistent', () => {
    expect(board.vocabulary).toBe(capability[board.core]);
    const flashEnd = board.flash.origin + board.flash.bytes;
    const ramEnd = board.ram.origin + board.ram.bytes;
    expect(flashEnd <= board.ram.origin || ramEnd <= board.flash.origin).toBe(true);
    expect(ramEnd).toBeLessThanOrEqual(2 ** 32);
    for (const bytes of [board.flash.bytes, board.ram.bytes]) expect(bytes % 1024).toBe(0);
    for (const flasher of board.flashers) {
      if (flasher.kind !== 'uf2') continue;
      expect(flasher.origin).toBeGreaterThanOrEqual(board.flash.origin);
      expect(flasher.origin).toBeLessThan(flashEnd);
    }
    if (board.qemu) expect(board.uart, 'tests talk to it').toBeDefined();
    else expect(board.flashers.length).toBeGreaterThan(0);
    if (board.core !== 'xtensa-lx7') expect(compilerOf(board.core, board.fpu)?.flags.length).toBeGreaterThan(1);
  });
});

test('the boards that the issue names are there', () => {
  for (const name of ['nucleo-f446re', 'nucleo-l476rg', 'nucleo-h743zi2', 'nucleo-u575zi-q', 'pico', 'pico2', 'esp32-c3-devkitm-1'])
    expect(boardNamed(name).qemu).toBeUndefined();
  for (const name of ['microbit', 'mps2-an385', 'mps2-an386', 'mps2-an500', 'mps2-an505', 'mps3-an547', 'netduinoplus2', 'virt-rv32'])
    expect(boardNamed(name).qemu).toBeDefined();
  expect(() => boardNamed('nucleo')).toThrow(UsageError);
});

test('UF2 families are those of the chips', () => {
  const families = boards.flatMap(({ chip, flashers }) =>
    flashers.flatMap((flasher) => (flasher.kind === 'uf2' ? [[chip, uf2.familyMap.get(flasher.familyId)]] : [])),
  );
  expect(families).toEqual([
    ['RP2040', 'Raspberry Pi RP2040'],
    // Newer than the list.
    ['RP2350', undefined],
    ['nRF52840', 'Nordic NRF52840'],
    ['ATSAMD21G18A', 'Microchip (Atmel) SAMD21'],
    ['ATSAMD51J19A', 'Microchip (Atmel) SAMD51'],
  ]);
});
