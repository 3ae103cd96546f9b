/**
 * exp, log, tanh, erf and what is made of them, for arguments that are float32 numbers widened to float64. The error is
 * far below half a unit of float32, so that rounding the result to float32 gives the correctly rounded value nearly
 * always. Polynomials instead of tables: no data segment. Scalar in every build: two lanes of float64 were no faster
 * (V8 rebuilds each vector literal where it is used), and so all builds give the same bits.
 */

const LN2: f64 = 0.6931471805599453;
/** ln 2 in two parts; the first has zeros at its end, so that small integers times it are exact. */
const LN2_HIGH: f64 = 0.693147180369123816490;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** 1.5 · 2^52: adding it rounds to the nearest integer and leaves that in the low bits of the sum. */
const INTEGER: f64 = 6755399441055744;

/** e^200 is infinite in float32, e^-200 zero. */
const EXP_LIMIT: f64 = 200;

/** e^x = 2^n · e^r with |r| ≤ ln 2 / 2; the series of e^r is cut after r^9 (relative error < 1e-11). */
export function exp(x: f64): f64 {
  if (x > EXP_LIMIT) x = EXP_LIMIT;
  if (x < -EXP_LIMIT) x = -EXP_LIMIT;
  const shifted = x * (1 / LN2) + INTEGER;
  const n = shifted - INTEGER;
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  // Pairs of terms (Estrin's scheme): the chain of dependent operations is half as long as Horner's.
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = 1 + r + r2 * (0.5 + r * (1.0 / 6));
  const middle = 1.0 / 24 + r * (1.0 / 120) + r2 * (1.0 / 720 + r * (1.0 / 5040));
  const high = 1.0 / 40320 + r * (1.0 / 362880);
  const p = low + r4 * (middle + r4 * high);
  return p * reinterpret<f64>((reinterpret<i64>(shifted) << 52) + 0x3ff0000000000000);
}

/** Below this, e^x - 1 and ln(1 + x) are taken from their series: the difference would lose digits. */
const SMALL: f64 = 1e-4;

/** e^x - 1; keeps the sign of zero. */
export function expMinusOne(x: f64): f64 {
  return abs<f64>(x) < SMALL ? x * (1 + x * (0.5 + x * (1.0 / 6))) : exp(x) - 1;
}

/** Bits of √½: mantissas are taken from [√½, √2). */
const MANTISSA_START: i64 = 0x3fe6a09e667f3bcd;

/**
 * ln x = n ln 2 + ln m, m in [√½, √2), with ln m = 2 artanh((m - 1) / (m + 1)); the series of artanh is cut after s^15.
 * -∞ for 0, NaN for negative numbers. x is not subnormal in float64.
 */
export function log(x: f64): f64 {
  if (!(x > 0 && x < Infinity)) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const bits = reinterpret<i64>(x);
  const n = (bits - MANTISSA_START) >> 52;
  const m = reinterpret<f64>(bits - (n << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const z2 = z * z;
  const low = 2 + z * (2.0 / 3) + z2 * (2.0 / 5 + z * (2.0 / 7));
  const high = 2.0 / 9 + z * (2.0 / 11) + z2 * (2.0 / 13 + z * (2.0 / 15));
  return <f64>n * LN2 + s * (low + z2 * z2 * high);
}

/** ln(1 + x) for x ≥ 0. */
function logOnePlus(x: f64): f64 {
  return x < SMALL ? x * (1 + x * (x * (1.0 / 3) - 0.5)) : log(1 + x);
}

/** (e^2x - 1) / (e^2x + 1); beyond ±20 it is ±1 in float64 too. */
export function tanh(x: f64): f64 {
  if (abs<f64>(x) > 20) return copysign<f64>(1, x);
  const e = expMinusOne(x + x);
  return e / (e + 2);
}

/**
 * Two polynomials, interpolated in Chebyshev points: x · P(x²) for |x| < 1 (error < 4e-11), Q(|x| - 2.5) up to 4
 * (error < 2e-9), and ±1 beyond (error < 2e-8: less than half a unit of float32).
 */
export function erf(x: f64): f64 {
  const a = abs<f64>(x);
  if (a < 1) {
    const u = x * x;
    let p = -9.6670445714869964e-6;
    p = p * u + 0.00011265959025606609;
    p = p * u - 0.00084840804055351063;
    p = p * u + 0.0052210318078580228;
    p = p * u - 0.026865430727670243;
    p = p * u + 0.11283782495236845;
    p = p * u - 0.3761263846802871;
    return x * (p * u + 1.1283791670615434);
  }
  if (a >= 4) return copysign<f64>(1, x);
  const t = a - 2.5;
  let q = -3.7010294586574444e-7;
  q = q * t + 8.9343411082759764e-7;
  q = q * t + 3.6213872665042054e-6;
  q = q * t - 1.5745340234869689e-5;
  q = q * t + 7.2204306874360517e-6;
  q = q * t + 8.118151327887047e-5;
  q = q * t - 0.00025250234594417607;
  q = q * t + 0.00025860507679333207;
  q = q * t + 0.00054368475237343096;
  q = q * t - 0.002797455525194225;
  q = q * t + 0.0061169890496881087;
  q = q * t - 0.008622641810899186;
  q = q * t + 0.0083501280629628615;
  q = q * t - 0.0054456833175561208;
  q = q * t + 0.0021782835532555149;
  return copysign<f64>(q * t + 0.99959304750795052, x);
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: f64): f64 {
  return 1 / (1 + exp(-x));
}

/** ln(1 + e^x) */
export function softplus(x: f64): f64 {
  return max<f64>(x, 0) + logOnePlus(exp(-abs<f64>(x)));
}

/** x Φ(x) with the normal distribution's Φ. */
export function gelu(x: f64): f64 {
  return 0.5 * x * (1 + erf(x * 0.7071067811865476));
}

/** The approximation of gelu by tanh (Hendrycks and Gimpel 2016). */
export function geluTanh(x: f64): f64 {
  return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
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
  else result = <f32>exp(<f64>y * log(a));
  return isOdd ? copysign<f32>(result, x) : result;
}
