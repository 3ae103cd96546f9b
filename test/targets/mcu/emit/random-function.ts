/**
 * Random functions in WebAssembly text that end: nested blocks, loops, jumps, switches, values of blocks and ifs, tees,
 * loads, stores and calls with effects in every order. What an emitter of C can get wrong about order shows in their results.
 */
import { randomIntegers } from '../../../damage.ts';

const PARAMETERS = 4;
const LOCALS = 5;

/** What every random function may call; $hash folds the 64 bytes of memory into a result. */
export const helpers = `
(memory 1)
(func $fill (param $base i32) (param $seed i32) (local $i i32)
  (loop $next
    (i32.store (i32.add (local.get $base) (local.get $i)) (i32.mul (i32.add (local.get $i) (local.get $seed)) (i32.const 0x9e3779b1)))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64)))))
(func $hash (param $base i32) (param $sum i32) (result i32) (local $i i32)
  (loop $next
    (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 5)) (i32.load (i32.add (local.get $base) (local.get $i)))))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
  (local.get $sum))
(func $poke (param $base i32) (param $at i32) (param $value i32) (result i32) (local $old i32)
  (local.set $old (i32.load16_s (i32.add (local.get $base) (i32.and (local.get $at) (i32.const 62)))))
  (i32.store16 (i32.add (local.get $base) (i32.and (local.get $at) (i32.const 62))) (local.get $value))
  (i32.add (local.get $old) (local.get $value)))
(func $peek (param $base i32) (param $at i32) (result i32)
  (i32.load8_s offset=3 (i32.add (local.get $base) (i32.and (local.get $at) (i32.const 60)))))
`;

const binaries = 'add sub mul and or xor shl shr_s shr_u rotl eq ne lt_s lt_u le_s gt_u ge_s'.split(' ');
const unaries = 'eqz clz extend8_s extend16_s popcnt'.split(' ');
const loads = ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u', 'load align=1', 'load16_u align=1'];
const stores = ['store', 'store8', 'store16', 'store align=2', 'store16 align=1'];

class Generator {
  private readonly random;
  private labels = 0;
  private counters = 0;
  /** Labels that a statement may jump to; loops' own labels continue them. */
  private targets: string[] = [];

  constructor(seed: number) {
    this.random = randomIntegers(seed);
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.random(choices.length)] as T;
  }

  private local(): string {
    return `$x${this.random(PARAMETERS + LOCALS)}`;
  }

  private address(depth: number): string {
    return `(i32.add (local.get $base) (i32.and ${this.value(depth - 1)} (i32.const 60)))`;
  }

  private value(depth: number): string {
    if (depth <= 0)
      return this.pick([
        `(i32.const ${this.pick([0, 1, 2, 3, 5, 31, 255, -1, -7, 0x7fffffff, -0x80000000])})`,
        `(local.get ${this.local()})`,
      ]);
    const next = () => this.value(depth - 1);
    switch (this.random(13)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return `(i32.${this.pick(binaries)} ${next()} ${next()})`;
      case 4:
        return `(i32.${this.pick(unaries)} ${next()})`;
      case 5:
        return `(local.tee ${this.local()} ${next()})`;
      case 6:
        return `(i32.${this.pick(loads).replace(/^\w+/, (name) => `${name} offset=${this.random(1)}`)} ${this.address(depth)})`;
      case 7:
        return `(select ${next()} ${next()} ${next()})`;
      case 8:
        return `(if (result i32) ${next()} (then ${this.statements(depth - 2, 1)} ${next()}) (else ${next()}))`;
      case 9:
        return `(call $poke (local.get $base) ${next()} ${next()})`;
      case 10:
        return `(call $peek (local.get $base) ${next()})`;
      case 11: {
        const label = `$value${this.labels++}`;
        const early = `(local.set ${this.local()} (br_if ${label} ${next()} ${next()}))`;
        return `(block ${label} (result i32) ${early} ${this.statements(depth - 2, 1)} ${next()})`;
      }
      default:
        return `(i32.div_s ${next()} (i32.or (i32.and ${next()} (i32.const 62)) (i32.const 1)))`;
    }
  }

  private inside(label: string, write: () => string): string {
    this.targets.push(label);
    const text = write();
    this.targets.pop();
    return text;
  }

  private statement(depth: number): string {
    const value = () => this.value(Math.min(depth, 3));
    const choice = this.random(depth > 0 ? 11 : 4);
    switch (choice) {
      case 0:
      case 1:
        return `(local.set ${this.local()} ${value()})`;
      case 2:
        return `(i32.${this.pick(stores)} ${this.address(2)} ${value()})`;
      case 3:
        return this.targets.length ? `(br_if ${this.pick(this.targets)} ${value()})` : `(drop ${value()})`;
      case 4:
        return `(if ${value()} (then ${this.statements(depth - 1)}))`;
      case 5:
        return `(if ${value()} (then ${this.statements(depth - 1)}) (else ${this.statements(depth - 1)}))`;
      case 6: {
        const label = `$block${this.labels++}`;
        return `(block ${label} ${this.inside(label, () => this.statements(depth - 1))})`;
      }
      case 7: {
        // It counts before each round, so that a jump to its label may stand anywhere.
        const [label, counter] = [`$loop${this.labels++}`, `$c${this.counters++}`];
        const body = this.inside(label, () => this.statements(depth - 1));
        const round = `(if (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const 1))) (then ${body} (br ${label})))`;
        return `(local.set ${counter} (i32.const ${2 + this.random(4)})) (loop ${label} ${this.random(2) ? this.statements(0, 1) : ''} ${round})`;
      }
      case 8: {
        const [label, counter] = [`$loop${this.labels++}`, `$c${this.counters++}`];
        const again = `(br_if ${label} (i32.lt_s (local.tee ${counter} (i32.add (local.get ${counter}) (i32.const 1))) (i32.const 3)))`;
        return `(local.set ${counter} (i32.const 0)) (loop ${label} ${this.statements(depth - 1)} ${again})`;
      }
      case 9: {
        const labels = [0, 1, 2].map(() => `$case${this.labels++}`) as [string, string, string];
        const jump = `(br_table ${labels.join(' ')} (i32.and ${value()} (i32.const 3)))`;
        const [a, b, c] = labels;
        const arms = () => this.inside(c, () => this.statements(depth - 1));
        return `(block ${c} (block ${b} (block ${a} ${jump}) ${arms()} ${this.random(2) ? `(br ${c})` : ''}) ${arms()})`;
      }
      default:
        return this.targets.length
          ? `(if ${value()} (then ${this.statements(depth - 1, 1)} (br ${this.pick(this.targets)})))`
          : `(drop (call $poke (local.get $base) ${value()} ${value()}))`;
    }
  }

  private statements(depth: number, most = 3): string {
    return Array.from({ length: 1 + this.random(most) }, () => this.statement(depth)).join('\n');
  }

  function(name: string): string {
    const body = `${this.statements(4, 5)}\n${this.statements(4, 5)}`;
    const sum = Array.from({ length: PARAMETERS + LOCALS }, (_, i) => `(local.get $x${i})`);
    const total = sum.reduce((text, one) => `(i32.add (i32.rotl ${text} (i32.const 7)) ${one})`);
    const names = (prefix: string, from: number, count: number, kind: string) =>
      Array.from({ length: count }, (_, i) => `(${kind} $${prefix}${from + i} i32)`).join(' ');
    const locals = `${names('x', PARAMETERS, LOCALS, 'local')} ${names('c', 0, this.counters, 'local')}`;
    const head = `(func (export "${name}") (param $base i32) ${names('x', 0, PARAMETERS, 'param')} (result i32) ${locals}`;
    return `${head} (call $fill (local.get $base) (local.get $x0))\n${body}\n(call $hash (local.get $base) ${total}))`;
  }
}

/** The function's text; `helpers` must stand beside it. */
export function randomFunction(name: string, seed: number): string {
  return new Generator(seed).function(name);
}
