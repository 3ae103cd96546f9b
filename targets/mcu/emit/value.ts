/** C expressions: text, type, and what they depend on. */
import { type BinaryOperator, type CType, PRIMARY, PRODUCT, SUM, UNARY, type UnaryOperator } from './operators.ts';
import type { Binding } from './statement.ts';

/** A C expression without side effects: it may be evaluated later or not at all, as long as nothing it reads has changed. */
export interface Value {
  readonly text: string;
  readonly type: CType;
  readonly precedence: number;
  /** Indices of the locals it reads. */
  readonly reads: ReadonlySet<number>;
  readonly readsMemory: boolean;
  /** Integer constants: the value modulo 2^32 or 2^64. */
  readonly literal?: bigint;
  /** The operator of `a & b`, `a | b`, `a ^ b`, `a && b`, `a || b`: the same may follow without parentheses. */
  readonly symbol?: string;
  /** The text of the opposite of a comparison. */
  readonly opposite?: string;
}

const COMPARISON = 4;
const BITWISE = 3;
const LOGICAL = 2;
const TERNARY = 1;

const cTypeNames: Readonly<Record<CType, string>> = {
  u32: 'uint32_t',
  s32: 'int32_t',
  bool: 'uint32_t',
  u64: 'uint64_t',
  s64: 'int64_t',
  f32: 'float',
  f64: 'double',
  v128: 'v128',
};

export function cTypeName(type: CType): string {
  return cTypeNames[type];
}

const nothing: ReadonlySet<number> = new Set();

export function primary(text: string, type: CType, depends: readonly Value[] = [], readsMemory = false): Value {
  return { text, type, precedence: PRIMARY, ...dependencies(depends), ...(readsMemory && { readsMemory }) };
}

export function local(index: number, name: string, type: CType): Value {
  return { text: name, type, precedence: PRIMARY, reads: new Set([index]), readsMemory: false };
}

function dependencies(values: readonly Value[]): Pick<Value, 'reads' | 'readsMemory'> {
  const reads = values.length === 1 ? (values[0] as Value).reads : new Set(values.flatMap((value) => [...value.reads]));
  return { reads: values.length === 0 ? nothing : reads, readsMemory: values.some((value) => value.readsMemory) };
}

/** Text of an integer: decimal where it is small in its signed meaning, else hexadecimal. */
function integerText(value: bigint, type: 'u32' | 's32' | 'u64' | 's64'): string {
  const bits = type.endsWith('64') ? 64 : 32;
  const suffix = { u32: 'u', s32: '', u64: 'ull', s64: 'll' }[type];
  if (type.startsWith('u')) {
    const unsigned = BigInt.asUintN(bits, value);
    return `${unsigned < 65536n ? unsigned : `0x${unsigned.toString(16)}`}${suffix}`;
  }
  const signed = BigInt.asIntN(bits, value);
  // -2^31 is no literal of C: it is minus one that has no type int32_t.
  const lowest = -(1n << BigInt(bits - 1));
  return signed === lowest ? `(${signed + 1n}${suffix} - 1)` : `${signed}${suffix}`;
}

export function integer(value: bigint, bits: 32 | 64): Value {
  const type = bits === 32 ? 'u32' : 'u64';
  const literal = BigInt.asUintN(bits, value);
  return { text: integerText(literal, type), type, precedence: PRIMARY, reads: nothing, readsMemory: false, literal };
}

/** The shortest decimal that C reads as the same float; NaN and the infinities by their bits. */
export function float(value: number, type: 'f32' | 'f64'): Value {
  if (!Number.isFinite(value)) {
    const view = new DataView(new ArrayBuffer(8));
    if (type === 'f32') view.setFloat32(0, value);
    else view.setFloat64(0, value);
    const bits = type === 'f32' ? integer(BigInt(view.getUint32(0)), 32) : integer(view.getBigUint64(0), 64);
    return primary(`${type}_of_bits(${bits.text})`, type);
  }
  const digits = Object.is(value, -0) ? '-0' : shortest(value, type);
  const text = `${/[.e]/.test(digits) ? digits : `${digits}.0`}${type === 'f32' ? 'f' : ''}`;
  return { ...primary(text, type), precedence: text.startsWith('-') ? UNARY : PRIMARY };
}

function shortest(value: number, type: 'f32' | 'f64'): string {
  for (let precision = 1; type === 'f32' && precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(value);
}

function within(value: Value, precedence: number): string {
  return value.precedence >= precedence ? value.text : `(${value.text})`;
}

/** The same number as another type. */
export function as(value: Value, type: CType): Value {
  if (value.type === type) return value;
  if (type === 'bool') return asCondition(value);
  if (value.literal !== undefined && (type === 's32' || type === 's64' || type === 'u32' || type === 'u64')) {
    const text = integerText(value.literal, type);
    return { ...value, text, type, precedence: text.startsWith('-') ? UNARY : PRIMARY };
  }
  const { opposite: _, symbol: __, ...rest } = value;
  // A variable that holds a truth value is a uint32_t.
  if (value.type === 'bool' && type === 'u32' && /^\w+$/.test(value.text)) return { ...rest, type };
  return { ...rest, text: `(${cTypeName(type)})${within(value, UNARY)}`, type, precedence: UNARY };
}

/** As what is assigned or returned: a truth value is a number there without a cast. */
export function stored(value: Value, type: CType): Value {
  return value.type === 'bool' && type === 'u32' ? value : as(value, type);
}

/** How tightly the text of a value holds together. */
export function bindingOf({ precedence, symbol }: Value): Binding {
  if (precedence === PRIMARY) return 'primary';
  if (precedence === COMPARISON) return 'comparison';
  return symbol === '&&' || symbol === '||' ? symbol : 'other';
}

function asCondition(value: Value): Value {
  if (value.literal !== undefined) return { ...value, text: value.literal ? '1' : '0', type: 'bool' };
  const zero = value.type.startsWith('s') ? '0' : '0u';
  const operand = within(value, SUM);
  return { ...primary(`${operand} != ${zero}`, 'bool', [value]), precedence: COMPARISON, opposite: `${operand} == ${zero}` };
}

/** The opposite of a condition. */
export function negated(value: Value): Value {
  const condition = as(value, 'bool');
  if (condition.literal !== undefined) return { ...condition, text: condition.literal ? '0' : '1', literal: condition.literal ? 0n : 1n };
  const { symbol: _, opposite, ...rest } = condition;
  if (opposite) return { ...rest, text: opposite, opposite: condition.text };
  return { ...rest, text: `!${within(condition, UNARY)}`, precedence: UNARY };
}

/** value == number */
export function equals(value: Value, number: number): Value {
  const operand = within(value, SUM);
  return { ...primary(`${operand} == ${number}u`, 'bool', [value]), precedence: COMPARISON, opposite: `${operand} != ${number}u` };
}

export function logical(symbol: '&&' | '||', left: Value, right: Value): Value {
  const sides = [as(left, 'bool'), as(right, 'bool')] as const;
  const text = sides.map((side) => (side.symbol === symbol ? side.text : within(side, COMPARISON))).join(` ${symbol} `);
  return { ...primary(text, 'bool', sides), precedence: LOGICAL, symbol };
}

export function ternary(condition: Value, yes: Value, no: Value): Value {
  const test = as(condition, 'bool');
  const isSigned =
    [yes, no].every((value) => value.type === 's32' || value.literal !== undefined) && (yes.type === 's32' || no.type === 's32');
  const type = isSigned ? 's32' : yes.type === 'bool' || yes.type === 's32' ? 'u32' : yes.type === 's64' ? 'u64' : yes.type;
  const [a, b] = [as(yes, type), as(no, type)];
  const text = `${within(test, LOGICAL)} ? ${within(a, BITWISE)} : ${within(b, BITWISE)}`;
  return { ...primary(text, type, [test, a, b]), precedence: TERNARY };
}

export function unary(operator: UnaryOperator, operand: Value): Value {
  const value = as(operand, operator.operand);
  const text = operator.precedence === PRIMARY ? value.text : within(value, UNARY);
  return { ...primary(operator.write(text), operator.result, [value]), precedence: operator.precedence };
}

/** a + b or a - b, where adding a negative number is a subtraction. */
function sum(symbol: '+' | '-', left: Value, right: Value, type: CType): Value {
  const bits = type === 'u32' ? 32 : 64;
  if (right.literal !== undefined && right.literal > 1n << BigInt(bits - 1)) {
    return sum(symbol === '+' ? '-' : '+', left, integer(-right.literal, bits), type);
  }
  if (symbol === '+' && left.literal !== undefined && right.literal === undefined) return sum('+', right, left, type);
  return { ...primary(`${within(left, SUM)} ${symbol} ${within(right, PRODUCT)}`, type, [left, right]), precedence: SUM };
}

function shift(operator: BinaryOperator, left: Value, right: Value): Value {
  const bits = operator.result.endsWith('64') ? 64n : 32n;
  const constant = right.literal;
  // WASM takes the amount modulo the width; C has no meaning for more.
  const amount = constant !== undefined ? String(constant % bits) : `(${within(right, UNARY)} & ${bits - 1n}u)`;
  return {
    ...primary(`${within(left, UNARY)} ${operator.symbol} ${amount}`, operator.result, [left, right]),
    precedence: BITWISE,
  };
}

export function binary(operator: BinaryOperator, leftValue: Value, rightValue: Value): Value {
  const left = as(leftValue, operator.left);
  const right = as(rightValue, operator.right);
  const { result } = operator;
  const isPlainRemainder = operator.symbol.startsWith('remainder') && right.literal !== undefined && right.text !== '-1';
  const symbol = isPlainRemainder ? '%' : operator.symbol;
  if (/^\w/.test(symbol)) return primary(`${symbol}(${left.text}, ${right.text})`, result, [left, right]);
  if (symbol === '<<' || symbol === '>>') return shift(operator, left, right);
  if (symbol === '+' || symbol === '-') return sum(symbol, left, right, result);
  if (symbol === '*') {
    return { ...primary(`${within(left, PRODUCT)} * ${within(right, UNARY)}`, result, [left, right]), precedence: PRODUCT };
  }
  if (symbol === '/' || symbol === '%') {
    return { ...primary(`${within(left, UNARY)} ${symbol} ${within(right, UNARY)}`, result, [left, right]), precedence: PRODUCT };
  }
  if (result === 'bool') {
    const [a, b] = [within(left, SUM), within(right, SUM)];
    const opposite = operator.opposite && { opposite: `${a} ${operator.opposite} ${b}` };
    return { ...primary(`${a} ${symbol} ${b}`, 'bool', [left, right]), precedence: COMPARISON, ...opposite };
  }
  // Neither side has effects, and a core without conditional moves branches sooner than it computes a truth value.
  if (leftValue.type === 'bool' && rightValue.type === 'bool' && symbol !== '^')
    return logical(symbol === '&' ? '&&' : '||', leftValue, rightValue);
  const first = left.symbol === symbol ? left.text : within(left, UNARY);
  return { ...primary(`${first} ${symbol} ${within(right, UNARY)}`, result, [left, right]), precedence: BITWISE, symbol };
}
