/** Short runs of bytes in 16-byte steps: all write up to 15 bytes behind a run, copies read as far. */
// @ts-ignore: decorator
@inline
export function copyRun(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
}

/** `runs` runs of `bytes` bytes, `stride` apart, one behind the other. @returns where they end */
// @ts-ignore: decorator
@inline
export function copyRuns(to: usize, from: usize, bytes: usize, runs: i32, stride: usize): usize {
  for (; runs > 0; runs--, to += bytes, from += stride) {
    v128.store(to, v128.load(from));
    for (let i: usize = 16; i < bytes; i += 16) v128.store(to + i, v128.load(from + i));
  }
  return to;
}

// @ts-ignore: decorator
@inline
export function fillRun(to: usize, value: v128, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) v128.store(to, value);
}
