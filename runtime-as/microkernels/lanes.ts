/**
 * float64 arithmetic on one number (T = f64) or on two at once (T = v128): what is written with these functions gives
 * the same bits in the scalar and the SIMD build.
 */

// @ts-ignore: decorator
@inline
export function constant<T>(value: f64): T {
  if (isVector<T>()) return f64x2.splat(value);
  else return value;
}

// @ts-ignore: decorator
@inline
export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.add(a, b);
  else return a + b;
}

// @ts-ignore: decorator
@inline
export function subtract<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.sub(a, b);
  else return a - b;
}

// @ts-ignore: decorator
@inline
export function multiply<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.mul(a, b);
  else return a * b;
}

// @ts-ignore: decorator
@inline
export function divide<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.div(a, b);
  else return a / b;
}

/** a · b + c, rounded twice. */
// @ts-ignore: decorator
@inline
export function multiplyAdd<T>(a: T, b: T, c: f64): T {
  return add<T>(multiply<T>(a, b), constant<T>(c));
}

/** NaN when one of the two is. */
// @ts-ignore: decorator
@inline
export function minimum<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.min(a, b);
  else return min<f64>(a, b);
}

/** NaN when one of the two is. */
// @ts-ignore: decorator
@inline
export function maximum<T>(a: T, b: T): T {
  if (isVector<T>()) return f64x2.max(a, b);
  else return max<f64>(a, b);
}

// @ts-ignore: decorator
@inline
export function magnitude<T>(a: T): T {
  if (isVector<T>()) return f64x2.abs(a);
  else return abs<f64>(a);
}

// @ts-ignore: decorator
@inline
export function negate<T>(a: T): T {
  if (isVector<T>()) return f64x2.neg(a);
  else return -a;
}

// @ts-ignore: decorator
@inline
export function squareRoot<T>(a: T): T {
  if (isVector<T>()) return f64x2.sqrt(a);
  else return sqrt<f64>(a);
}

/** The sign of `sign` on the magnitude of `a`. */
// @ts-ignore: decorator
@inline
export function copySign<T>(a: T, sign: T): T {
  if (isVector<T>()) return v128.bitselect(sign, a, i64x2.splat(0x8000000000000000));
  else return copysign<f64>(a, sign);
}

/** a < b ? yes : no; `no` when one of the two is NaN. */
// @ts-ignore: decorator
@inline
export function whereLess<T>(a: T, b: T, yes: T, no: T): T {
  if (isVector<T>()) return v128.bitselect(yes, no, f64x2.lt(a, b));
  else return a < b ? yes : no;
}

/** 1.5 · 2^52: adding it leaves the nearest integer in the low bits of the sum. */
const INTEGER: f64 = 6755399441055744;
const INTEGER_BITS: i64 = 0x4338000000000000;

/** The nearest integer (ties to even) of |a| < 2^51, as the bits that `integerValue` and `timesPowerOfTwo` understand. */
// @ts-ignore: decorator
@inline
export function nearestInteger<T>(a: T): T {
  return add<T>(a, constant<T>(INTEGER));
}

// @ts-ignore: decorator
@inline
export function integerValue<T>(integer: T): T {
  return subtract<T>(integer, constant<T>(INTEGER));
}

/** a · 2^n for an integer n of `nearestInteger` with |n| < 1023. */
// @ts-ignore: decorator
@inline
export function timesPowerOfTwo<T>(a: T, integer: T): T {
  if (isVector<T>()) return f64x2.mul(a, i64x2.add(i64x2.shl(integer, 52), i64x2.splat(0x3ff0000000000000)));
  else return a * reinterpret<f64>((reinterpret<i64>(integer) << 52) + 0x3ff0000000000000);
}

/** Bits of the square root of 1/2: mantissas are taken from [√½, √2). */
const MANTISSA_START: i64 = 0x3fe6a09e667f3bcd;

/** The exponent n of a = m · 2^n with m in [√½, √2), for a positive finite normal number. */
// @ts-ignore: decorator
@inline
export function exponent<T>(a: T): T {
  if (isVector<T>()) {
    const n = i64x2.shr_s(i64x2.sub(a, i64x2.splat(MANTISSA_START)), 52);
    return f64x2.sub(i64x2.add(n, i64x2.splat(INTEGER_BITS)), f64x2.splat(INTEGER));
  } else {
    const n = (reinterpret<i64>(a) - MANTISSA_START) >> 52;
    return reinterpret<f64>(n + INTEGER_BITS) - INTEGER;
  }
}

/** The mantissa m of `exponent`. */
// @ts-ignore: decorator
@inline
export function mantissa<T>(a: T): T {
  if (isVector<T>()) {
    const n = i64x2.shr_s(i64x2.sub(a, i64x2.splat(MANTISSA_START)), 52);
    return i64x2.sub(a, i64x2.shl(n, 52));
  } else {
    const n = (reinterpret<i64>(a) - MANTISSA_START) >> 52;
    return reinterpret<f64>(reinterpret<i64>(a) - (n << 52));
  }
}
