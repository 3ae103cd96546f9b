/** Per-axis quantization under operators that move elements: the axis moves with them. */
import type { Quantization, TensorType } from '../graph.ts';

/**
 * `type` under another shape, with its per-axis quantization at `axis` (and `scale`, where scales are chosen or repeated).
 * @param axis undefined: no axis of the new shape holds exactly one scale per index.
 * @throws Error when that would take the meaning from int8 data; a float32 value only loses the demand.
 */
export function moveQuantizationAxis(
  type: TensorType,
  shape: readonly number[],
  axis: (from: number) => number | undefined,
  scale: (scales: readonly number[]) => readonly number[] = (scales) => scales,
): TensorType {
  const { quantization, dtype } = type;
  if (quantization?.axis === undefined) return { ...type, shape };
  const moved = axis(quantization.axis);
  if (moved !== undefined) {
    const result: Quantization = { ...quantization, scale: scale(quantization.scale), axis: moved };
    return { dtype, shape, quantization: result };
  }
  if (dtype === 'int8') throw new Error(`per-axis quantization along axis ${quantization.axis} does not survive the change to [${shape}]`);
  return { dtype, shape };
}
