import { expect, test } from 'vitest';
import { commentText, floatLiteral, namesOf, stringLiteral } from '../../../targets/mcu/names.ts';

test.for([
  ['LeNet 5', 'lenet_5'],
  ['person-detect.v2', 'person_detect_v2'],
  ['3d-net', 'model_3d_net'],
  // Their headers would hide those of the standard library and of Arduino.
  ['math', 'model_math'],
  ['Wire', 'model_wire'],
  ['???', 'model'],
] as const)('%s becomes %s', ([name, library]) => {
  expect(namesOf(name)).toEqual({ library, symbol: library, macro: library.toUpperCase() });
});

test('text of users ends neither comments nor strings', () => {
  expect(commentText('a */ b /* c ??/ é\n')).toBe('a * / b / * c ?/ ??'.replaceAll('??', '?'));
  expect(stringLiteral('say "hi"\\ ??/ é\n')).toBe('"say \\"hi\\"\\\\ \\?\\?/ \\303\\251\\012"');
});

test('floats survive the way through decimal digits', () => {
  for (const value of [1, 0.1, 1e-20, 123456789, Math.fround(0.003921569), 2 ** -149]) {
    const literal = floatLiteral(value);
    expect(literal).toMatch(/^[0-9.e+-]+f$/);
    expect(literal).toMatch(/[.e]/);
    expect(Math.fround(Number(literal.slice(0, -1)))).toBe(Math.fround(value));
  }
});
