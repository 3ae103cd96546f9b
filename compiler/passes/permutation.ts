/** Permutations of axes, as Transpose has them: y.shape[i] = x.shape[permutation[i]]. */

export type Permutation = readonly number[];

export function identityPermutation(rank: number): Permutation {
  return Array.from({ length: rank }, (_, i) => i);
}

export function isIdentity(permutation: Permutation): boolean {
  return permutation.every((axis, i) => axis === i);
}

/** The one permutation that does `first`, then `second`. */
export function compose(first: Permutation, second: Permutation): Permutation {
  return second.map((axis) => first[axis] as number);
}

export function inverse(permutation: Permutation): Permutation {
  const result = new Array<number>(permutation.length);
  permutation.forEach((axis, i) => {
    result[axis] = i;
  });
  return result;
}

/** The list that has one entry per axis, in the order of the transposed axes. */
export function permute<T>(list: readonly T[], permutation: Permutation): T[] {
  return permutation.map((axis) => list[axis] as T);
}

export function samePermutation(a: Permutation, b: Permutation): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
