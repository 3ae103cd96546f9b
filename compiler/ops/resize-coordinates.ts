/** Where a position of a resized axis lies in the original: ONNX Resize's coordinate modes, computed in float32 as ONNX Runtime does. */

export const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
] as const;
export type CoordinateMode = (typeof coordinateModes)[number];

/** `simple` is opset 10's and Upsample's: ceil when the axis shrinks, floor when it grows. */
export const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil', 'simple'] as const;
export type NearestMode = (typeof nearestModes)[number];

/** One axis of `from` positions sampled at `to` positions. */
export interface Sampling {
  readonly from: number;
  readonly to: number;
  /** Output positions per input position: not always exactly to / from. */
  readonly scale: number;
  readonly coordinates: CoordinateMode;
  readonly nearest: NearestMode;
}

/** The position in the original, not yet rounded or clamped. */
export function originalPosition(position: number, { from, to, scale, coordinates }: Sampling): number {
  const f32 = Math.fround;
  const s = f32(scale);
  const halfPixel = () => f32(f32(f32(position + 0.5) / s) - 0.5);
  switch (coordinates) {
    case 'asymmetric':
      return f32(position / s);
    case 'half_pixel':
      return halfPixel();
    case 'pytorch_half_pixel':
      return to > 1 ? halfPixel() : 0;
    case 'tf_half_pixel_for_nn':
      return f32(f32(position + 0.5) / s);
    case 'align_corners':
      return to === 1 ? 0 : f32(f32(position * (from - 1)) / (to - 1));
    case 'half_pixel_symmetric': {
      // The part of the original that a rounded-down size leaves out is cut off evenly on both sides.
      const adjustment = f32(to / f32(s * from));
      return f32(f32((from / 2) * f32(1 - adjustment)) + halfPixel());
    }
  }
}

function roundPosition(x: number, { nearest, scale }: Sampling): number {
  switch (nearest) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'simple':
      return scale < 1 ? Math.ceil(x) : Math.floor(x);
  }
}

/** For each output position the input position that it shows. */
export function nearestTable(sampling: Sampling): Int32Array {
  return Int32Array.from({ length: sampling.to }, (_, i) => {
    const position = roundPosition(originalPosition(i, sampling), sampling);
    return Math.max(0, Math.min(sampling.from - 1, position));
  });
}

/** For each output position its two neighbours, and the weight of the high one. */
export interface LinearTable {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** In [0, 1]. */
  readonly weight: Float32Array;
}

export function linearTable(sampling: Sampling): LinearTable {
  const positions = Array.from({ length: sampling.to }, (_, i) => Math.max(0, Math.min(sampling.from - 1, originalPosition(i, sampling))));
  return {
    low: Int32Array.from(positions, Math.floor),
    high: Int32Array.from(positions, (position) => Math.min(sampling.from - 1, Math.floor(position) + 1)),
    weight: Float32Array.from(positions, (position) => position - Math.floor(position)),
  };
}
