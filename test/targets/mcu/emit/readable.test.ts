/** The C reads as the kernel was written: names, loops, conditions. Reviewed as text. */
import { expect, test } from 'vitest';
import { translate } from './translate.ts';

test('a loop over elements, with a condition and a clamp', () => {
  const text = `(module (memory 1)
    (func $clamp (export "clampRow") (param $x i32) (param $y i32) (param $count i32) (param $low i32) (local $end i32) (local $value i32)
      (local.set $end (i32.add (local.get $y) (local.get $count)))
      (loop $next
        (if (i32.lt_u (local.get $y) (local.get $end)) (then
          (local.set $value (i32.load8_s offset=1 (local.get $x)))
          (if (i32.lt_s (local.get $value) (local.get $low)) (then (local.set $value (local.get $low))))
          (i32.store8 (local.get $y) (local.get $value))
          (local.set $x (i32.add (local.get $x) (i32.const 1)))
          (local.set $y (i32.add (local.get $y) (i32.const 1)))
          (br $next))))))`;
  expect(translate(text)).toBe(`void clampRow(uint32_t x, uint32_t y, uint32_t count, uint32_t low) {
  const uint32_t end = y + count;
  while (y < end) {
    uint32_t value = (uint32_t)load_s8(x + 1u);
    if ((int32_t)value < (int32_t)low) {
      value = low;
    }
    store_u8(y, value);
    x += 1u;
    y += 1u;
  }
}
`);
});

test('an early way out of nested loops is the only goto', () => {
  const text = `(module (memory 1)
    (func (export "find") (param $x i32) (param $rows i32) (param $columns i32) (result i32) (local $j i32)
      (block $found
        (loop $row
          (local.set $j (local.get $columns))
          (loop $column
            (br_if $found (i32.eqz (i32.load (local.get $x))))
            (local.set $x (i32.add (local.get $x) (i32.const 4)))
            (br_if $column (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
          (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))
      (local.get $x)))`;
  expect(translate(text)).toBe(`uint32_t find(uint32_t x, uint32_t rows, uint32_t columns) {
  for (;;) {
    {
      uint32_t j = columns;
      for (;;) {
        if (load_u32(x) == 0u) {
          goto block;
        }
        x += 4u;
        j -= 1u;
        if (j == 0u) {
          break;
        }
      }
      rows -= 1u;
      if (rows != 0u) {
        continue;
      }
    }
  block:;
    break;
  }
  return x;
}
`);
});

test('conditions, comparisons and values of branches', () => {
  const text = `(module (memory 1)
    (func (export "limit") (param $a i32) (param $b i32) (param $c f32) (result i32)
      (if (result i32) (i32.and (i32.gt_s (local.get $a) (i32.const -1)) (i32.eqz (f32.lt (local.get $c) (f32.const 0.1))))
        (then (select (local.get $a) (local.get $b) (i32.lt_s (local.get $a) (local.get $b))))
        (else (i32.sub (i32.shr_s (local.get $a) (i32.const 3)) (i32.const -8))))))`;
  expect(translate(text)).toBe(`uint32_t limit(uint32_t a, uint32_t b, float c) {
  return !(c < 0.1f) && (int32_t)a >= 0 ? ((int32_t)a < (int32_t)b ? a : b) : (uint32_t)((int32_t)a >> 3) + 8u;
}
`);
});
