/** IEEE half precision → float32, exactly. Weights only: there is no infinity and no NaN to take care of. */

/** 2^112: what the two exponents' offsets differ by. */
const REBIAS: i32 = 0x77800000;

/** Whether weights of type W are halves. */
// @ts-ignore: decorator
@inline
export function isHalf<W>(): bool {
  return isInteger<W>() && sizeof<W>() == 2;
}

/** The product also puts subnormal halves right. */
// @ts-ignore: decorator
@inline
export function halfToFloat(bits: i32): f32 {
  const magnitude = reinterpret<f32>((bits & 0x7fff) << 13) * reinterpret<f32>(REBIAS);
  return reinterpret<f32>(reinterpret<i32>(magnitude) | ((bits & 0x8000) << 16));
}

/** Writes `count` float32. */
export function expandHalves(from: usize, count: usize, to: usize): void {
  for (const end = from + (count << 1); from < end; from += 2, to += 4) store<f32>(to, halfToFloat(load<u16>(from)));
}
