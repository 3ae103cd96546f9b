/** Requantization by integers, as cores without a floating-point unit do it, against the float one, on this workstation. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../../compiler/root.ts';
import { requireTool } from '../../require-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-round-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Limited to int8, both must agree wherever the product is below 2^22: on random accumulators and multipliers of every
 * size, and around every tie of multipliers that have ties.
 */
const program = `
#include <stdio.h>
#include "whittle_board.h"

static uint32_t state = 1u, count;

static uint32_t next(void) {
  state ^= state << 13; state ^= state >> 17; state ^= state << 5;
  return state;
}

static int limited(uint32_t x) {
  const int32_t y = (int32_t)x;
  return y < -128 ? -128 : y > 127 ? 127 : y;
}

static void compare(uint32_t accumulator, uint32_t multiplier) {
  const float scale = f32_of_bits(multiplier), product = (float)(int32_t)accumulator * scale;
  if (!(product < 4194304.0f && product > -4194304.0f)) return;
  count++;
  if (limited(board_round_product(accumulator, scale, 0u)) == limited(whittle_round_product_f32(accumulator, scale))) return;
  printf("%d * %a: %d, with float %d\\n", (int)accumulator, (double)scale, (int)board_round_product(accumulator, scale, 0u),
         (int)whittle_round_product_f32(accumulator, scale));
}

int main(void) {
  for (int i = 0; i < 4000000; i++) {
    const uint32_t exponent = 127u - next() % 40u;
    compare((uint32_t)((int32_t)next() >> next() % 32u), exponent << 23 | (next() & 0x7fffffu));
  }
  /* odd / 2^(bits + shift): the product is a half where the accumulator is an odd multiple of 2^(bits + shift - 1) / odd */
  for (uint32_t odd = 1; odd < 256; odd += 2)
    for (int shift = 1; shift < 24; shift++) {
      const float scale = (float)odd / (float)(1u << shift);
      if (scale >= 1.0f) continue;
      for (int half = -257; half < 257; half += 2)
        for (int offset = -2; offset <= 2; offset++)
          compare((uint32_t)((int32_t)((float)half * 0.5f / scale) + offset), bits_of_f32(scale));
    }
  printf("%u\\n", count > 5000000u);
  return 0;
}
`;

test('integers round like float32, twice to nearest even', () => {
  if (!requireTool('gcc')) return;
  writeFileSync(join(folder, 'round.c'), program);
  const headers = join(packageRoot, 'targets', 'mcu', 'c');
  const compiled = spawnSync('gcc', ['-O1', '-DWHITTLE_INTEGER_REQUANTIZE=1', `-I${headers}`, 'round.c', '-o', 'round'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(compiled.stderr).toBe('');
  const { stdout } = spawnSync(join(folder, 'round'), { encoding: 'utf8' });
  expect(stdout).toBe('1\n');
});
