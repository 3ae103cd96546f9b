import { describe, expect, it } from 'vitest';
import { bytesText, facts, grouped, percentText, shapeText, table } from '../../../compiler/cli/table.ts';

describe('table', () => {
  it('aligns columns and ends no line with spaces', () => {
    const text = table(
      [{ title: 'node' }, { title: 'MACs', align: 'right' }, { title: 'op' }],
      [
        ['conv', 1234, 'Conv2d'],
        ['a-longer-name', 5, ''],
      ],
    );
    expect(text).toBe(
      ['node           MACs  op', '─────────────  ────  ──────', 'conv           1234  Conv2d', 'a-longer-name     5'].join('\n'),
    );
  });

  it('shortens long cells in the middle', () => {
    const cell = table([{ title: 'x' }], [[`start${'-'.repeat(100)}end`]]).split('\n')[2];
    expect(cell).toHaveLength(48);
    expect(cell).toMatch(/^start-+….*end$/);
  });

  it('writes facts, sizes and numbers', () => {
    expect(
      facts([
        ['input', 'x'],
        ['operators', 3],
      ]),
    ).toBe('input      x\noperators  3');
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1 000', '1 234 567']);
    expect([1023, 1536, 3 * 1024 * 1024].map(bytesText)).toEqual(['1023 B', '1.5 KB', '3.00 MB']);
    expect(percentText(0.87584)).toBe('87.58 %');
    expect([shapeText([1, 3, 8, 8]), shapeText([])]).toEqual(['1×3×8×8', 'scalar']);
  });
});
