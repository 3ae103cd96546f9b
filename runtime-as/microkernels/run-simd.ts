/** Short runs of bytes in 16-byte steps: both write up to 15 bytes behind the run, `copyRun` reads as far. */
export function copyRun(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
}

export function fillRun(to: usize, value: i8, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) v128.store(to, i8x16.splat(value));
}
