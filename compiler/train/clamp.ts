/** The fused activation of a node: y = min(max(y, low), high). */
import type { Numbers } from './memory.ts';

type Limits = readonly [number, number];

export function clampForward({ data }: Numbers, [low, high]: Limits): void {
  if (low === -Infinity && high === Infinity) return;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value < low) data[i] = low;
    else if (value > high) data[i] = high;
  }
}

/** As float32 has it: 0.7 lies above the number that a limit of 0.7 leaves. */
function stored(limits: Limits): Limits {
  return [Math.fround(limits[0]), Math.fround(limits[1])];
}

/** Gradients stop where the output lies on a limit. */
export function clampBackward({ data: y }: Numbers, { data: dy }: Numbers, limits: Limits): void {
  const [low, high] = stored(limits);
  if (low === -Infinity && high === Infinity) return;
  for (let i = 0; i < y.length; i++) {
    const value = y[i] as number;
    if (value <= low || value >= high) dy[i] = 0;
  }
}
