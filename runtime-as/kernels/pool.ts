/** MAX_POOL, AVERAGE_POOL: x [N, H, W, C] → y [N, OH, OW, C]: the check of the parameters and the loop over the windows. */
import {
  OPCODE_AVERAGE_POOL_FLOAT32,
  OPCODE_AVERAGE_POOL_INT8,
  OPCODE_MAX_POOL_FLOAT32,
  OPCODE_MAX_POOL_INT8,
  POOL_BATCH,
  POOL_CHANNELS,
  POOL_CLAMP_HIGH,
  POOL_CLAMP_LOW,
  POOL_COUNT_INCLUDE_PAD,
  POOL_DILATION_HEIGHT,
  POOL_DILATION_WIDTH,
  POOL_INPUT_ZERO_POINT,
  POOL_IN_HEIGHT,
  POOL_IN_WIDTH,
  POOL_KERNEL_HEIGHT,
  POOL_KERNEL_WIDTH,
  POOL_OUTPUT_ZERO_POINT,
  POOL_OUT_HEIGHT,
  POOL_OUT_WIDTH,
  POOL_PAD_BOTTOM,
  POOL_PAD_LEFT,
  POOL_PAD_RIGHT,
  POOL_PAD_TOP,
  POOL_RATIO_F32,
  POOL_STRIDE_HEIGHT,
  POOL_STRIDE_WIDTH,
} from "../format";
import { dtypeBytes, extent, hasShape, holds, times } from "../check";
import { extremeWindow } from "../microkernels/extreme-window";
import { sumWindowFloat32, sumWindowInt8 } from "../microkernels/sum-window";
import { operandAddress, parameter, parameterF32 } from "../step";
import { endTap, firstTap, isWindowAxis } from "./geometry";

/** `axis` 0 is height, 1 is width. */
function isWindow(step: usize, axis: i32): bool {
  return isWindowAxis(
    parameter(step, POOL_IN_HEIGHT + axis),
    parameter(step, POOL_OUT_HEIGHT + axis),
    parameter(step, POOL_KERNEL_HEIGHT + axis),
    parameter(step, POOL_STRIDE_HEIGHT + axis),
    parameter(step, POOL_DILATION_HEIGHT + axis),
    parameter(step, POOL_PAD_TOP + axis),
  );
}

export function checkPool(step: usize, context: usize, dtype: i32, parameters: i32): bool {
  const outputs = times(times(parameter(step, POOL_BATCH), parameter(step, POOL_CHANNELS)), extent(step, POOL_OUT_HEIGHT, 2));
  return (
    hasShape(step, 2, parameters) &&
    holds(step, context, 0, dtype, extent(step, POOL_BATCH, 4), dtypeBytes(dtype)) &&
    holds(step, context, 1, dtype, outputs, dtypeBytes(dtype)) &&
    isWindow(step, 0) &&
    isWindow(step, 1)
  );
}

/** Positions that divide an average: the taps inside the input, or also those in the padding. */
// @ts-ignore: decorator
@inline
function averageCount(step: usize, h: i32, w: i32, rows: i32, columns: i32): i32 {
  if (!parameter(step, POOL_COUNT_INCLUDE_PAD)) return rows * columns;
  const bottom = parameter(step, POOL_IN_HEIGHT) + parameter(step, POOL_PAD_BOTTOM);
  const right = parameter(step, POOL_IN_WIDTH) + parameter(step, POOL_PAD_RIGHT);
  return (
    endTap(h, parameter(step, POOL_DILATION_HEIGHT), parameter(step, POOL_KERNEL_HEIGHT), bottom) *
    endTap(w, parameter(step, POOL_DILATION_WIDTH), parameter(step, POOL_KERNEL_WIDTH), right)
  );
}

/** `opcode` is a constant of the caller, so that only its own microkernel is compiled. T is i8 or f32. */
// @ts-ignore: decorator
@inline
export function runPool<T>(opcode: i32, step: usize, context: usize): void {
  const height = parameter(step, POOL_IN_HEIGHT);
  const width = parameter(step, POOL_IN_WIDTH);
  const channels = parameter(step, POOL_CHANNELS);
  const outHeight = parameter(step, POOL_OUT_HEIGHT);
  const outWidth = parameter(step, POOL_OUT_WIDTH);
  const kernelHeight = parameter(step, POOL_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, POOL_KERNEL_WIDTH);
  const dilationHeight = parameter(step, POOL_DILATION_HEIGHT);
  const dilationWidth = parameter(step, POOL_DILATION_WIDTH);
  const pixelBytes = <usize>channels * sizeof<T>();
  const rowBytes = <usize>(dilationHeight * width) * pixelBytes;
  const columnBytes = <usize>dilationWidth * pixelBytes;
  const batch = parameter(step, POOL_BATCH);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (let n = 0; n < batch; n++, image += <usize>(height * width) * pixelBytes) {
    for (let oh = 0; oh < outHeight; oh++) {
      const h = oh * parameter(step, POOL_STRIDE_HEIGHT) - parameter(step, POOL_PAD_TOP);
      const firstRow = firstTap(h, dilationHeight, kernelHeight);
      const rows = max(endTap(h, dilationHeight, kernelHeight, height) - firstRow, 0);
      for (let ow = 0; ow < outWidth; ow++, y += pixelBytes) {
        const w = ow * parameter(step, POOL_STRIDE_WIDTH) - parameter(step, POOL_PAD_LEFT);
        const firstColumn = firstTap(w, dilationWidth, kernelWidth);
        const columns = max(endTap(w, dilationWidth, kernelWidth, width) - firstColumn, 0);
        const from = image + <usize>((h + firstRow * dilationHeight) * width + w + firstColumn * dilationWidth) * pixelBytes;
        if (opcode == OPCODE_MAX_POOL_INT8 || opcode == OPCODE_MAX_POOL_FLOAT32) {
          extremeWindow<T>(y, from, rows, columns, rowBytes, columnBytes, channels, false);
        } else if (opcode == OPCODE_AVERAGE_POOL_FLOAT32) {
          sumWindowFloat32(y, from, rows, columns, rowBytes, columnBytes, channels, <f32>averageCount(step, h, w, rows, columns));
        } else if (opcode == OPCODE_AVERAGE_POOL_INT8) {
          const offset = -rows * columns * parameter(step, POOL_INPUT_ZERO_POINT);
          const multiplier = parameterF32(step, POOL_RATIO_F32) / <f32>averageCount(step, h, w, rows, columns);
          const zeroPoint = parameter(step, POOL_OUTPUT_ZERO_POINT);
          const lowest = parameter(step, POOL_CLAMP_LOW);
          const highest = parameter(step, POOL_CLAMP_HIGH);
          sumWindowInt8(y, from, rows, columns, rowBytes, columnBytes, channels, offset, multiplier, zeroPoint, lowest, highest);
        }
      }
    }
  }
}
