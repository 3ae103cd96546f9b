/**
 * RESIZE_LINEAR: x · rowLow · rowHigh · rowWeight [outH] · columnLow · columnHigh · columnWeight [outW] → y. Each pixel is
 * mixed along the width first, then along the height; weights belong to the high neighbour.
 */
import {
  DTYPE_FLOAT32,
  DTYPE_INT8,
  RESIZE_BATCH,
  RESIZE_IN_HEIGHT,
  RESIZE_IN_WIDTH,
  RESIZE_OUT_HEIGHT,
  RESIZE_OUT_WIDTH,
  RESIZE_PARAMETERS,
  RESIZE_PIXEL,
  RESIZE_WEIGHT_BITS,
} from "../format";
import { dtypeBytes, extent, hasShape, holds, isIndexTable, times } from "../check";
import { mixPixelFloat32, mixPixelInt8 } from "../microkernels/mix-pixel";
import { operandAddress, parameter, word } from "../step";

function checkAxis(step: usize, context: usize, first: i32, inExtent: i32, outExtent: i32): bool {
  const last = parameter(step, inExtent) - 1;
  return isIndexTable(step, context, first, outExtent, last) && isIndexTable(step, context, first + 1, outExtent, last);
}

function checkResizeLinear(step: usize, context: usize, dtype: i32): bool {
  if (!hasShape(step, 8, RESIZE_PARAMETERS)) return false;
  const elementBytes = dtypeBytes(dtype);
  const channels = extent(step, RESIZE_PIXEL, 1);
  const outputs = times(extent(step, RESIZE_BATCH, 1), extent(step, RESIZE_OUT_HEIGHT, 2));
  return (
    holds(step, context, 0, dtype, times(extent(step, RESIZE_BATCH, 3), channels), elementBytes) &&
    checkAxis(step, context, 1, RESIZE_IN_HEIGHT, RESIZE_OUT_HEIGHT) &&
    checkAxis(step, context, 4, RESIZE_IN_WIDTH, RESIZE_OUT_WIDTH) &&
    holds(step, context, 7, dtype, times(outputs, channels), elementBytes)
  );
}

export function checkResizeLinearInt8(step: usize, context: usize): bool {
  const one = 1 << RESIZE_WEIGHT_BITS;
  return (
    checkResizeLinear(step, context, DTYPE_INT8) &&
    isIndexTable(step, context, 3, RESIZE_OUT_HEIGHT, one) &&
    isIndexTable(step, context, 6, RESIZE_OUT_WIDTH, one)
  );
}

export function checkResizeLinearFloat32(step: usize, context: usize): bool {
  return (
    checkResizeLinear(step, context, DTYPE_FLOAT32) &&
    holds(step, context, 3, DTYPE_FLOAT32, extent(step, RESIZE_OUT_HEIGHT, 1), 4) &&
    holds(step, context, 6, DTYPE_FLOAT32, extent(step, RESIZE_OUT_WIDTH, 1), 4)
  );
}

function runResizeLinear<T>(step: usize, context: usize): void {
  const batch = parameter(step, RESIZE_BATCH);
  const outHeight = parameter(step, RESIZE_OUT_HEIGHT);
  const outWidth = parameter(step, RESIZE_OUT_WIDTH);
  const channels = parameter(step, RESIZE_PIXEL);
  const pixel = channels * sizeof<T>();
  const inRow = parameter(step, RESIZE_IN_WIDTH) * pixel;
  const rowLow = operandAddress(step, context, 1);
  const rowHigh = operandAddress(step, context, 2);
  const rowWeight = operandAddress(step, context, 3);
  const columnLow = operandAddress(step, context, 4);
  const columnHigh = operandAddress(step, context, 5);
  const columnWeight = operandAddress(step, context, 6);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 7);
  for (let n = 0; n < batch; n++, x += inRow * parameter(step, RESIZE_IN_HEIGHT)) {
    for (let h = 0; h < outHeight; h++) {
      const top = x + word(rowLow, h) * inRow;
      const bottom = x + word(rowHigh, h) * inRow;
      const down = word(rowWeight, h);
      for (let w = 0; w < outWidth; w++, y += pixel) {
        const left = word(columnLow, w) * pixel;
        const right = word(columnHigh, w) * pixel;
        const across = word(columnWeight, w);
        if (isFloat<T>()) {
          const a = reinterpret<f32>(across);
          mixPixelFloat32(y, top + left, top + right, bottom + left, bottom + right, a, reinterpret<f32>(down), channels);
        } else {
          mixPixelInt8(y, top + left, top + right, bottom + left, bottom + right, across, down, channels);
        }
      }
    }
  }
}

export function runResizeLinearInt8(step: usize, context: usize, prepared: usize): void {
  runResizeLinear<i8>(step, context);
}

export function runResizeLinearFloat32(step: usize, context: usize, prepared: usize): void {
  runResizeLinear<f32>(step, context);
}
