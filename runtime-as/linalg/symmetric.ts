/** Copies what lies below the diagonal of A [n, n] to above it. */
export function mirrorLower(n: i32, a: usize): void {
  const row = <usize>n << 3;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) store<f64>(a + <usize>j * row + (<usize>i << 3), load<f64>(a + <usize>i * row + (<usize>j << 3)));
}
