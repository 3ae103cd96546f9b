/** Short runs of bytes in 16-byte steps: all write up to 15 bytes behind a run, copies read as far. */
// @ts-ignore: decorator
@inline
export function copyRun(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
}

/** `runs` runs of `bytes` bytes, `stride` apart, one behind the other. */
export function copyRuns(to: usize, from: usize, bytes: usize, runs: i32, stride: usize): void {
  for (; runs > 0; runs--, to += bytes, from += stride) {
    let i: usize = 0;
    do {
      v128.store(to + i, v128.load(from + i));
      i += 16;
    } while (i < bytes);
  }
}

// @ts-ignore: decorator
@inline
export function fillRun(to: usize, value: i8, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) v128.store(to, i8x16.splat(value));
}
