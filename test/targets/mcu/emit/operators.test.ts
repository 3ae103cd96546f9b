/** Every operator of WASM that a kernel may use, on the edges of its operands: the C gives the same bits as the engine. */
import { expect, test } from 'vitest';
import { randomIntegers } from '../../../damage.ts';
import { requireTool } from '../../../require-tool.ts';
import { sanitizers } from '../native-runner.ts';
import { bitsOf, expectSameBothWays, type WasmFunction, type WasmType } from './both-ways.ts';

const integers = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x12345678, 0x7fffffff];
const random = randomIntegers(5);
const fractions = [
  0,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  1.5,
  2.5,
  3.5,
  99.5,
  3e9,
  6e9,
  1e-40,
  1e30,
  3.4028234663852886e38,
  Infinity,
  ...Array.from({ length: 12 }, () => (random(1 << 30) + 1) / 2 ** random(60)),
];
const powers = [22, 23, 24, 30, 31, 32, 51, 52, 53, 62, 63, 64].flatMap((power) => [
  2 ** power - 1,
  2 ** power - 0.5,
  2 ** power,
  2 ** power + 1,
]);

const edges: Readonly<Record<WasmType, readonly bigint[]>> = {
  i32: [...integers, ...integers.map((value) => -value), -0x80000000].map((value) => bitsOf('i32', value)),
  i64: [...integers, ...integers.map((value) => -value), -0x80000000].flatMap((value) => [
    bitsOf('i64', value),
    bitsOf('i64', (BigInt(value) << 32n) + 5n),
  ]),
  f32: [...new Set([...fractions, ...powers].flatMap((value) => [bitsOf('f32', value), bitsOf('f32', -value)])), bitsOf('f32', NaN)],
  f64: [...fractions, ...powers, 1e300].flatMap((value) => [bitsOf('f64', value), bitsOf('f64', -value)]).concat(bitsOf('f64', NaN)),
};

const integerBinary =
  'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr eq ne lt_s lt_u le_s le_u gt_s gt_u ge_s ge_u';
const floatBinary = 'add sub mul div min max copysign eq ne lt le gt ge';
const isComparison = (name: string) => /^(eq|ne|[lg][te](_[su])?)$/.test(name);

/** instruction, parameters, result */
type Operator = readonly [string, readonly WasmType[], WasmType];

const operators: readonly Operator[] = [
  ...(['i32', 'i64'] as const).flatMap((type) => [
    ...integerBinary.split(' ').map((name): Operator => [`${type}.${name}`, [type, type], isComparison(name) ? 'i32' : type]),
    ...['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'].map((name): Operator => [`${type}.${name}`, [type], type]),
    [`${type}.eqz`, [type], 'i32'] as const,
    ...(['f32', 'f64'] as const).flatMap((float): Operator[] => [
      [`${float}.convert_${type}_s`, [type], float],
      [`${float}.convert_${type}_u`, [type], float],
    ]),
  ]),
  ...(['f32', 'f64'] as const).flatMap((type): Operator[] => [
    ...floatBinary.split(' ').map((name): Operator => [`${type}.${name}`, [type, type], isComparison(name) ? 'i32' : type]),
    ...['neg', 'abs', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'].map((name): Operator => [`${type}.${name}`, [type], type]),
    ...['trunc_', 'trunc_sat_'].flatMap((name): Operator[] => [
      [`i32.${name}${type}_s`, [type], 'i32'],
      [`i32.${name}${type}_u`, [type], 'i32'],
      [`i64.${name}${type}_s`, [type], 'i64'],
      [`i64.${name}${type}_u`, [type], 'i64'],
    ]),
  ]),
  ['i32.wrap_i64', ['i64'], 'i32'],
  ['i64.extend_i32_s', ['i32'], 'i64'],
  ['i64.extend_i32_u', ['i32'], 'i64'],
  ['i64.extend32_s', ['i64'], 'i64'],
  ['f32.demote_f64', ['f64'], 'f32'],
  ['f64.promote_f32', ['f32'], 'f64'],
  ['i32.reinterpret_f32', ['f32'], 'i32'],
  ['f32.reinterpret_i32', ['i32'], 'f32'],
  ['i64.reinterpret_f64', ['f64'], 'i64'],
  ['f64.reinterpret_i64', ['i64'], 'f64'],
];

function functionOf([, parameters, result]: Operator, index: number): WasmFunction {
  const [first, second] = parameters.map((type) => edges[type]) as [readonly bigint[], readonly bigint[] | undefined];
  const calls = first.flatMap((a) => (second ? second.map((b) => [a, b]) : [[a]]));
  return { name: `operator_${index}`, parameters, result, calls };
}

const text = `(module ${operators
  .map(([instruction, parameters, result], index) => {
    const gets = parameters.map((_, i) => `(local.get ${i})`).join(' ');
    const head = `(func (export "operator_${index}") ${parameters.map((type) => `(param ${type})`).join(' ')} (result ${result})`;
    return `${head} (${instruction} ${gets}))`;
  })
  .join('\n')})`;

const label = (message: string) => message.replace(/operator_(\d+)/g, (_, index) => operators[Number(index)]?.[0] ?? '');

test.for([
  { name: 'with sanitizers', flags: ['-O1', ...sanitizers] },
  { name: 'optimized', flags: ['-O3', '-march=native', '-ffp-contract=fast'] },
])('$name', async ({ flags }) => {
  if (!requireTool('gcc')) return;
  try {
    await expectSameBothWays(text, operators.map(functionOf), flags);
  } catch (error) {
    expect.fail(label((error as Error).message));
  }
});
