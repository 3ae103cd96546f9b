/**
 * exp, log, tanh, erf and what is made of them, for arguments that are float32 numbers widened to float64. The error is
 * far below half a unit of float32, so that rounding the result to float32 gives the correctly rounded value nearly
 * always. Polynomials instead of tables: no data segment. T is f64 (one number) or v128 (two), see lanes.ts.
 */
import {
  add,
  constant,
  copySign,
  divide,
  exponent,
  integerValue,
  magnitude,
  mantissa,
  maximum,
  minimum,
  multiply,
  multiplyAdd,
  nearestInteger,
  negate,
  squareRoot,
  subtract,
  timesPowerOfTwo,
  whereLess,
} from "./lanes";

const LN2: f64 = 0.6931471805599453;
/** ln 2 in two parts; the first has zeros at its end, so that small integers times it are exact. */
const LN2_HIGH: f64 = 0.693147180369123816490;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** e^200 is infinite in float32, e^-200 zero. */
const EXP_LIMIT: f64 = 200;

/** e^x = 2^n · e^r with |r| ≤ ln 2 / 2; the series of e^r is cut after r^9 (relative error < 1e-11). */
export function exp<T>(x: T): T {
  const limited = minimum<T>(maximum<T>(x, constant<T>(-EXP_LIMIT)), constant<T>(EXP_LIMIT));
  const integer = nearestInteger<T>(multiply<T>(limited, constant<T>(1 / LN2)));
  const n = integerValue<T>(integer);
  const high = subtract<T>(limited, multiply<T>(n, constant<T>(LN2_HIGH)));
  const r = subtract<T>(high, multiply<T>(n, constant<T>(LN2_LOW)));
  let p = constant<T>(1.0 / 362880);
  p = multiplyAdd<T>(p, r, 1.0 / 40320);
  p = multiplyAdd<T>(p, r, 1.0 / 5040);
  p = multiplyAdd<T>(p, r, 1.0 / 720);
  p = multiplyAdd<T>(p, r, 1.0 / 120);
  p = multiplyAdd<T>(p, r, 1.0 / 24);
  p = multiplyAdd<T>(p, r, 1.0 / 6);
  p = multiplyAdd<T>(p, r, 0.5);
  p = multiplyAdd<T>(p, r, 1);
  p = multiplyAdd<T>(p, r, 1);
  return timesPowerOfTwo<T>(p, integer);
}

/** Below this, e^x - 1 and ln(1 + x) are taken from their series: the difference would lose digits. */
const SMALL: f64 = 1e-4;

/** e^x - 1; keeps the sign of zero. */
// @ts-ignore: decorator
@inline
export function expMinusOne<T>(x: T): T {
  const series = multiply<T>(x, multiplyAdd<T>(x, multiplyAdd<T>(x, constant<T>(1.0 / 6), 0.5), 1));
  return whereLess<T>(magnitude<T>(x), constant<T>(SMALL), series, subtract<T>(exp<T>(x), constant<T>(1)));
}

/**
 * ln x = n ln 2 + ln m, m in [√½, √2), with ln m = 2 artanh((m - 1) / (m + 1)); the series of artanh is cut after s^15.
 * -∞ for 0, NaN for negative numbers.
 */
export function log<T>(x: T): T {
  const m = mantissa<T>(x);
  const one = constant<T>(1);
  const s = divide<T>(subtract<T>(m, one), add<T>(m, one));
  const z = multiply<T>(s, s);
  let p = constant<T>(2.0 / 15);
  p = multiplyAdd<T>(p, z, 2.0 / 13);
  p = multiplyAdd<T>(p, z, 2.0 / 11);
  p = multiplyAdd<T>(p, z, 2.0 / 9);
  p = multiplyAdd<T>(p, z, 2.0 / 7);
  p = multiplyAdd<T>(p, z, 2.0 / 5);
  p = multiplyAdd<T>(p, z, 2.0 / 3);
  p = multiplyAdd<T>(p, z, 2.0);
  const result = add<T>(multiply<T>(exponent<T>(x), constant<T>(LN2)), multiply<T>(s, p));
  const finite = whereLess<T>(x, constant<T>(Infinity), result, x);
  const notPositive = subtract<T>(squareRoot<T>(x), constant<T>(Infinity));
  return whereLess<T>(constant<T>(0), x, finite, notPositive);
}

/** ln(1 + x) for x ≥ 0. */
// @ts-ignore: decorator
@inline
function logOnePlus<T>(x: T): T {
  const series = multiply<T>(x, multiplyAdd<T>(x, multiplyAdd<T>(x, constant<T>(1.0 / 3), -0.5), 1));
  return whereLess<T>(x, constant<T>(SMALL), series, log<T>(add<T>(x, constant<T>(1))));
}

/** (e^2x - 1) / (e^2x + 1); beyond ±20 it is ±1 in float64 too. */
export function tanh<T>(x: T): T {
  const limited = minimum<T>(maximum<T>(x, constant<T>(-20)), constant<T>(20));
  const e = expMinusOne<T>(add<T>(limited, limited));
  return divide<T>(e, add<T>(e, constant<T>(2)));
}

/**
 * Two polynomials, interpolated in Chebyshev points: x · P(x²) for |x| < 1 (error < 4e-11), Q(|x| - 2.5) up to 4
 * (error < 2e-9), and ±1 beyond (error < 2e-8: less than half a unit of float32).
 */
export function erf<T>(x: T): T {
  const u = multiply<T>(x, x);
  let p = constant<T>(-9.6670445714869964e-6);
  p = multiplyAdd<T>(p, u, 0.00011265959025606609);
  p = multiplyAdd<T>(p, u, -0.00084840804055351063);
  p = multiplyAdd<T>(p, u, 0.0052210318078580228);
  p = multiplyAdd<T>(p, u, -0.026865430727670243);
  p = multiplyAdd<T>(p, u, 0.11283782495236845);
  p = multiplyAdd<T>(p, u, -0.3761263846802871);
  p = multiplyAdd<T>(p, u, 1.1283791670615434);
  const a = magnitude<T>(x);
  const t = subtract<T>(minimum<T>(a, constant<T>(4)), constant<T>(2.5));
  let q = constant<T>(-3.7010294586574444e-7);
  q = multiplyAdd<T>(q, t, 8.9343411082759764e-7);
  q = multiplyAdd<T>(q, t, 3.6213872665042054e-6);
  q = multiplyAdd<T>(q, t, -1.5745340234869689e-5);
  q = multiplyAdd<T>(q, t, 7.2204306874360517e-6);
  q = multiplyAdd<T>(q, t, 8.118151327887047e-5);
  q = multiplyAdd<T>(q, t, -0.00025250234594417607);
  q = multiplyAdd<T>(q, t, 0.00025860507679333207);
  q = multiplyAdd<T>(q, t, 0.00054368475237343096);
  q = multiplyAdd<T>(q, t, -0.002797455525194225);
  q = multiplyAdd<T>(q, t, 0.0061169890496881087);
  q = multiplyAdd<T>(q, t, -0.008622641810899186);
  q = multiplyAdd<T>(q, t, 0.0083501280629628615);
  q = multiplyAdd<T>(q, t, -0.0054456833175561208);
  q = multiplyAdd<T>(q, t, 0.0021782835532555149);
  q = multiplyAdd<T>(q, t, 0.99959304750795052);
  const outer = copySign<T>(whereLess<T>(a, constant<T>(4), q, minimum<T>(a, constant<T>(1))), x);
  return whereLess<T>(a, constant<T>(1), multiply<T>(x, p), outer);
}

/** 1 / (1 + e^-x) */
// @ts-ignore: decorator
@inline
export function sigmoid<T>(x: T): T {
  const one = constant<T>(1);
  return divide<T>(one, add<T>(one, exp<T>(negate<T>(x))));
}

/** ln(1 + e^x) */
export function softplus<T>(x: T): T {
  const positive = maximum<T>(x, constant<T>(0));
  return add<T>(positive, logOnePlus<T>(exp<T>(negate<T>(magnitude<T>(x)))));
}

/** x Φ(x) with the normal distribution's Φ. */
export function gelu<T>(x: T): T {
  const e = erf<T>(multiply<T>(x, constant<T>(0.7071067811865476)));
  return multiply<T>(multiply<T>(x, constant<T>(0.5)), add<T>(e, constant<T>(1)));
}

/** The approximation of gelu by tanh (Hendrycks and Gimpel 2016). */
export function geluTanh<T>(x: T): T {
  const cubic = multiply<T>(x, multiplyAdd<T>(multiply<T>(x, x), constant<T>(0.044715), 1));
  const t = tanh<T>(multiply<T>(cubic, constant<T>(0.7978845608028654)));
  return multiply<T>(multiply<T>(x, constant<T>(0.5)), add<T>(t, constant<T>(1)));
}

/** |x|^y · sign, as C's pow: pow(x, 0) = pow(1, y) = 1, and negative x only to integer powers. */
export function pow(x: f32, y: f32): f32 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NaN;
  const isInteger = nearest<f32>(y) == y;
  const half = y * 0.5;
  const isOdd = isInteger && nearest<f32>(half) != half && abs<f32>(y) < Infinity;
  const a = abs<f32>(x);
  let result: f32;
  if (a == 0) result = y < 0 ? Infinity : 0;
  else if (a == Infinity) result = y < 0 ? 0 : Infinity;
  else if (abs<f32>(y) == Infinity) return a == 1 ? 1 : a > 1 == y > 0 ? Infinity : 0;
  else if (x < 0 && !isInteger) return NaN;
  else result = <f32>exp<f64>(<f64>y * log<f64>(a));
  return isOdd ? copysign<f32>(result, x) : result;
}
