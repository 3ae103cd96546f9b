/** Index arithmetic on contiguous row-major shapes. */
import { elementCount } from '../graph.ts';

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/** 0 … rank - 1 for an axis that may count from the end. @throws Error when it is outside. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (normalized < 0 || normalized >= Math.max(rank, 1)) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return normalized;
}

/** A shape as [outer, length, inner] around an axis; a scalar is one element of one axis. */
export function extentsAround(shape: readonly number[], axis: number): { outer: number; length: number; inner: number } {
  return { outer: elementCount(shape.slice(0, axis)), length: shape[axis] ?? 1, inner: elementCount(shape.slice(axis + 1)) };
}

/** Shape of an elementwise result. @throws Error when the shapes do not broadcast (numpy's rule). */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Strides of `shape` read as the broadcast `target`: 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return target.map((_, i) => {
    const axis = i - target.length + shape.length;
    return axis < 0 || shape[axis] === 1 ? 0 : (strides[axis] as number);
  });
}

/** Calls `visit` with the flat offset of each operand for every index of `shape`, in row-major order. */
export function forEachIndex(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (index: number, offsets: readonly number[]) => void,
): void {
  const count = elementCount(shape);
  const position = new Array<number>(shape.length).fill(0);
  const offsets = new Array<number>(strides.length).fill(0);
  for (let index = 0; index < count; index++) {
    visit(index, offsets);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] as number) + 1;
      for (let s = 0; s < strides.length; s++) offsets[s] = (offsets[s] as number) + (strides[s]?.[axis] as number);
      if ((position[axis] as number) < (shape[axis] as number)) break;
      for (let s = 0; s < strides.length; s++)
        offsets[s] = (offsets[s] as number) - (strides[s]?.[axis] as number) * (shape[axis] as number);
      position[axis] = 0;
    }
  }
}
