/** Copies of any length, short ones without a call: channels of one pixel are often only a few bytes. */
import { BOARD, DSP, SIMD } from "../variant";

const CALL_BYTES: i32 = 192;

// @ts-ignore: decorator
@inline
function copy16(to: usize, from: usize): void {
  if (SIMD) {
    v128.store(to, v128.load(from));
  } else {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
  }
}

/** Words, where the core can load them there: not every board can from any address. */
function copyOnBoard(to: usize, from: usize, bytes: i32): void {
  if (DSP) {
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) store<u32>(to, load<u32>(from, 0, 1), 0, 1);
  } else if (((to | from) & 3) == 0) {
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) store<u32>(to, load<u32>(from));
  }
  for (; bytes > 0; bytes--, to++, from++) store<u8>(to, load<u8>(from));
}

/** Copies `bytes` bytes; the two ranges do not overlap. */
export function copyBytes(to: usize, from: usize, bytes: i32): void {
  if (BOARD) {
    copyOnBoard(to, from, bytes);
    return;
  }
  if (bytes >= CALL_BYTES) {
    memory.copy(to, from, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16, to += 16, from += 16) copy16(to, from);
  if (bytes & 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  }
  if (bytes & 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
  if (bytes & 2) {
    store<u16>(to, load<u16>(from));
    to += 2;
    from += 2;
  }
  if (bytes & 1) store<u8>(to, load<u8>(from));
}
