/** How each operator of WASM is written in C: binaryen's name of the operator → C types and text. */
import binaryen from 'binaryen';

/** Type of a C expression. An i32 of WASM is u32, s32 or bool, whichever its text has anyway. */
export type CType = 'u32' | 's32' | 'bool' | 'u64' | 's64' | 'f32' | 'f64' | 'v128';

const cTypes: ReadonlyMap<number, CType> = new Map([
  [binaryen.i32, 'u32'],
  [binaryen.i64, 'u64'],
  [binaryen.f32, 'f32'],
  [binaryen.f64, 'f64'],
  [binaryen.v128, 'v128'],
]);

/** @param type binaryen's; undefined: no value */
export function cType(type: number): CType | undefined {
  return cTypes.get(type);
}

/** C precedence, the higher the tighter; operands of other families get parentheses, so that no reader has to know the table. */
export const PRIMARY = 10;
export const UNARY = 9;
export const PRODUCT = 8;
export const SUM = 7;

export interface UnaryOperator {
  readonly operand: CType;
  readonly result: CType;
  readonly write: (operand: string) => string;
  /** Precedence of what `write` returns; it must parenthesize its operand itself when this is not PRIMARY. */
  readonly precedence: number;
}

export interface BinaryOperator {
  readonly left: CType;
  readonly right: CType;
  readonly result: CType;
  /** A C operator, or the name of a function of whittle_port.h or whittle_float.h. */
  readonly symbol: string;
  /** The operator's opposite, for conditions. */
  readonly opposite?: string;
}

const unary = new Map<number, UnaryOperator>();
const binary = new Map<number, BinaryOperator>();

const operations = binaryen as unknown as Readonly<Record<string, number | undefined>>;

// binaryen numbers unary and binary operators separately: AddInt32 and ClzInt32 are both 0.
function number(name: string): number {
  const value = operations[name];
  if (value === undefined) throw new Error(`binaryen has no operator ${name}`);
  return value;
}

function defineCall(name: string, operand: CType, result: CType, callee: string): void {
  unary.set(number(name), { operand, result, write: (text) => `${callee}(${text})`, precedence: PRIMARY });
}

function definePrefix(name: string, operand: CType, result: CType, prefix: string): void {
  unary.set(number(name), { operand, result, write: (text) => `${prefix}${text}`, precedence: UNARY });
}

function defineBinary(names: string, left: CType, right: CType, result: CType, symbol: string, opposite?: string): void {
  for (const name of names.split(' ')) binary.set(number(name), { left, right, result, symbol, ...(opposite && { opposite }) });
}

for (const [bits, unsigned, signed] of [
  ['32', 'u32', 's32'],
  ['64', 'u64', 's64'],
] as const) {
  const modular: readonly (readonly [string, string])[] = [
    ['Add', '+'],
    ['Sub', '-'],
    ['Mul', '*'],
    ['And', '&'],
    ['Or', '|'],
    ['Xor', '^'],
    ['DivU', '/'],
    ['RemU', '%'],
  ];
  for (const [name, symbol] of modular) defineBinary(`${name}Int${bits}`, unsigned, unsigned, unsigned, symbol);
  defineBinary(`DivSInt${bits}`, signed, signed, signed, '/');
  // C has no lowest % -1, which is 0.
  defineBinary(`RemSInt${bits}`, signed, signed, signed, `remainder_${signed}`);
  defineBinary(`ShlInt${bits}`, unsigned, unsigned, unsigned, '<<');
  defineBinary(`ShrUInt${bits}`, unsigned, unsigned, unsigned, '>>');
  defineBinary(`ShrSInt${bits}`, signed, unsigned, signed, '>>');
  defineBinary(`RotLInt${bits}`, unsigned, unsigned, unsigned, `rotate_left_${unsigned}`);
  defineBinary(`RotRInt${bits}`, unsigned, unsigned, unsigned, `rotate_right_${unsigned}`);
  defineBinary(`EqInt${bits}`, unsigned, unsigned, 'bool', '==', '!=');
  defineBinary(`NeInt${bits}`, unsigned, unsigned, 'bool', '!=', '==');
  const orders: readonly (readonly [string, string, string])[] = [
    ['Lt', '<', '>='],
    ['Le', '<=', '>'],
    ['Gt', '>', '<='],
    ['Ge', '>=', '<'],
  ];
  for (const [name, symbol, opposite] of orders) {
    defineBinary(`${name}SInt${bits}`, signed, signed, 'bool', symbol, opposite);
    defineBinary(`${name}UInt${bits}`, unsigned, unsigned, 'bool', symbol, opposite);
  }
  for (const count of ['Clz', 'Ctz', 'Popcnt']) defineCall(`${count}Int${bits}`, unsigned, unsigned, `${count.toLowerCase()}_${unsigned}`);
}

for (const [bits, float] of [
  ['32', 'f32'],
  ['64', 'f64'],
] as const) {
  defineBinary(`AddFloat${bits}`, float, float, float, '+');
  defineBinary(`SubFloat${bits}`, float, float, float, '-');
  defineBinary(`DivFloat${bits}`, float, float, float, '/');
  // A function, because C may fuse a product and a sum; WASM rounds both.
  defineBinary(`MulFloat${bits}`, float, float, float, `multiply_${float}`);
  defineBinary(`EqFloat${bits}`, float, float, 'bool', '==', '!=');
  defineBinary(`NeFloat${bits}`, float, float, 'bool', '!=', '==');
  // No opposites: !(a < b) is not a >= b when one of them is NaN.
  defineBinary(`LtFloat${bits}`, float, float, 'bool', '<');
  defineBinary(`LeFloat${bits}`, float, float, 'bool', '<=');
  defineBinary(`GtFloat${bits}`, float, float, 'bool', '>');
  defineBinary(`GeFloat${bits}`, float, float, 'bool', '>=');
  defineBinary(`MinFloat${bits}`, float, float, float, `min_${float}`);
  defineBinary(`MaxFloat${bits}`, float, float, float, `max_${float}`);
  defineBinary(`CopySignFloat${bits}`, float, float, float, `copysign_${float}`);
  for (const name of ['Neg', 'Abs', 'Ceil', 'Floor', 'Trunc', 'Nearest', 'Sqrt'])
    defineCall(`${name}Float${bits}`, float, float, `${name.toLowerCase()}_${float}`);
  for (const [sign, c] of [
    ['S', 's32'],
    ['U', 'u32'],
  ] as const) {
    // A conversion that would trap saturates instead, as the saturating one does.
    for (const name of ['Trunc', 'TruncSat']) {
      defineCall(`${name}${sign}Float${bits}ToInt32`, float, c, `${c}_from_${float}`);
      const wide = sign === 'S' ? 's64' : 'u64';
      defineCall(`${name}${sign}Float${bits}ToInt64`, float, wide, `${wide}_from_${float}`);
    }
    definePrefix(`Convert${sign}Int32ToFloat${bits}`, c, float, bits === '32' ? '(float)' : '(double)');
  }
}
for (const [name, type] of [
  ['S', 's64'],
  ['U', 'u64'],
] as const) {
  definePrefix(`Convert${name}Int64ToFloat32`, type, 'f32', '(float)');
  definePrefix(`Convert${name}Int64ToFloat64`, type, 'f64', '(double)');
}
definePrefix('PromoteFloat32', 'f32', 'f64', '(double)');
definePrefix('DemoteFloat64', 'f64', 'f32', '(float)');
definePrefix('ExtendSInt32', 's32', 's64', '(int64_t)');
definePrefix('ExtendUInt32', 'u32', 'u64', '(uint64_t)');
definePrefix('WrapInt64', 'u64', 'u32', '(uint32_t)');
// Functions: gcc 12 takes the cast back to unsigned for a conversion that may change the sign.
for (const bits of ['32', '64'])
  for (const low of ['8', '16']) defineCall(`ExtendS${low}Int${bits}`, `u${bits}` as CType, `s${bits}` as CType, `s${bits}_from_low${low}`);
definePrefix('ExtendS32Int64', 'u64', 's64', '(int32_t)');
defineCall('ReinterpretFloat32', 'f32', 'u32', 'bits_of_f32');
defineCall('ReinterpretFloat64', 'f64', 'u64', 'bits_of_f64');
defineCall('ReinterpretInt32', 'u32', 'f32', 'f32_of_bits');
defineCall('ReinterpretInt64', 'u64', 'f64', 'f64_of_bits');

export const unaryOperators: ReadonlyMap<number, UnaryOperator> = unary;
export const binaryOperators: ReadonlyMap<number, BinaryOperator> = binary;

/** i32.eqz and i64.eqz: conditions write them as a negation. */
export const zeroTests: ReadonlyMap<number, CType> = new Map([
  [number('EqZInt32'), 'u32'],
  [number('EqZInt64'), 'u64'],
]);

const binaryNames = /^(Add|Sub|Mul|Div|Rem|And|Or|Xor|Shl|Shr|Rot|Eq|Ne|[LG][te]|CopySign|P?M(in|ax))(?!Z)/;

/** The operator's name, for errors. */
export function operatorName(kind: 'unary' | 'binary', op: number): string {
  const isOfKind = (name: string) => /^[A-Z]\w*(Int|Float|Vec)\w*\d/.test(name) && binaryNames.test(name) === (kind === 'binary');
  return Object.entries(operations).find(([name, value]) => value === op && isOfKind(name))?.[0] ?? `${kind} operator ${op}`;
}
