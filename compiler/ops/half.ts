/** IEEE half precision (methods.md 18.2): 1 sign, 5 exponent and 10 mantissa bits, as the integers that hold them. */
import { roundHalfEven } from './accumulate.ts';

/** The largest finite half. */
export const LARGEST_HALF = 65504;

/** Exponent of the smallest normal half, and bits of the mantissa. */
const SMALLEST_EXPONENT = -14;
const MANTISSA_BITS = 10;

/** The nearest half of a finite number, ties to even, subnormals included; larger numbers become ±65504. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.min(Math.abs(value), LARGEST_HALF);
  if (magnitude === 0 || Number.isNaN(value)) return sign;
  const exponent = Math.max(SMALLEST_EXPONENT, Math.floor(Math.log2(magnitude)));
  // In steps of the last bit; rounding up into the next power of two carries into the exponent by itself.
  const steps = roundHalfEven(magnitude / 2 ** (exponent - MANTISSA_BITS));
  return sign | (((exponent - SMALLEST_EXPONENT) << MANTISSA_BITS) + steps);
}

/** The real number behind the bits. */
export function halfValue(bits: number): number {
  const exponent = (bits >> MANTISSA_BITS) & 31;
  const mantissa = bits & 1023;
  const magnitude = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}
