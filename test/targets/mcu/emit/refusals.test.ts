/** What a kernel may not contain is refused with every reason, never translated into something else. */
import { expect, test } from 'vitest';
import { InvalidGraphError } from '../../../../compiler/errors.ts';
import { translate } from './translate.ts';

const run = '(func $run (export "run") (param i32) (result i32)';

test.for([
  ['data segments', `(memory 1) (data (i32.const 8) "abc") ${run} (i32.load8_u (local.get 0)))`, /1 data segment/],
  ['mutable globals', `(global $g (mut i32) (i32.const 1)) ${run} (global.set $g (local.get 0)) (global.get $g))`, /mutable global g/],
  ['imported globals', `(import "env" "base" (global $base i32)) ${run} (global.get $base))`, /imported global/],
  ['tables', `(type $t (func (result i32))) (table 1 funcref) ${run} (call_indirect (type $t) (local.get 0)))`, /function table/],
  [
    'start functions',
    `(memory 1) (func $begin (i32.store (i32.const 0) (i32.const 1))) (start $begin) ${run} (local.get 0))`,
    /start function/,
  ],
  ['growing memory', `(memory 1) ${run} (memory.grow (local.get 0)))`, /run: MemoryGrow/],
  ['the size of the memory', `(memory 1) ${run} (memory.size))`, /run: MemorySize/],
  [
    'imports that C does not define',
    `(import "env" "now" (func $now (result i32))) ${run} (call $now))`,
    /import env\.now, which .* does not define/,
  ],
  ['atomics', `(memory 1 1 shared) ${run} (i32.atomic.load (local.get 0)))`, /atomic/],
  [
    'mutual recursion',
    `(func $a (param i32) (result i32) (if (result i32) (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
     (func $b (param i32) (result i32) (if (result i32) (local.get 0) (then (call $a (i32.sub (local.get 0) (i32.const 2)))) (else (i32.const 2))))
     ${run} (i32.add (call $a (local.get 0)) (call $b (local.get 0))))`,
    /recursion/,
  ],
  [
    'tail calls',
    `(func $f (param i32) (result i32) (if (result i32) (local.get 0) (then (return_call $f (local.get 0))) (else (i32.const 7)))) ${run} (call $f (local.get 0)))`,
    /tail call/,
  ],
  [
    'references',
    `(func $f (param funcref) (result i32) (ref.is_null (local.get 0))) (export "f" (func $f)) ${run} (local.get 0))`,
    /f: RefIsNull/,
  ],
] as const)('%s', ([, text, reason]) => {
  expect(() => translate(`(module ${text})`)).toThrow(InvalidGraphError);
  expect(() => translate(`(module ${text})`)).toThrow(reason);
});

test('all reasons at once', () => {
  const text = `(module (import "env" "now" (func $now (result i32))) (memory 1) (data (i32.const 8) "abc") (global $g (mut i32) (i32.const 1))
    ${run} (global.set $g (i32.load8_u (i32.const 8))) (i32.add (global.get $g) (call $now))))`;
  expect(() => translate(text)).toThrow(/data segment(.|\n)*mutable global(.|\n)*import env\.now/);
});

test('an import of the vocabulary is a call', () => {
  const text = `(module (import "dsp" "smlad" (func $smlad (param i32 i32 i32) (result i32))) ${run} (call $smlad (local.get 0) (local.get 0) (i32.const 1))))`;
  expect(translate(text, ['dsp.smlad'])).toContain('dsp_smlad(');
});
