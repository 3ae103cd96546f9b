/** Short runs of bytes in 16-byte steps: all write up to 15 bytes behind a run, copies read as far. */
// @ts-ignore: decorator
@inline
export function copyRun(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
}

// @ts-ignore: decorator
@inline
export function fillRun(to: usize, value: v128, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) v128.store(to, value);
}
