/** RESIZE_NEAREST: x [batch, inH, inW, pixel bytes] · rows [outH] · columns [outW] → y; the tables say which pixel is shown. */
import {
  RESIZE_BATCH,
  RESIZE_IN_HEIGHT,
  RESIZE_IN_WIDTH,
  RESIZE_OUT_HEIGHT,
  RESIZE_OUT_WIDTH,
  RESIZE_PARAMETERS,
  RESIZE_PIXEL,
} from "../format";
import { extent, hasShape, holds, isIndexTable, times } from "../check";
import { copyBytes } from "../microkernels/copy-bytes";
import { operandAddress, operandDtype, parameter, word } from "../step";

export function checkResizeNearest(step: usize, context: usize): bool {
  if (!hasShape(step, 4, RESIZE_PARAMETERS)) return false;
  const dtype = operandDtype(step, context, 0);
  const pixel = extent(step, RESIZE_PIXEL, 1);
  const outputs = times(extent(step, RESIZE_BATCH, 1), extent(step, RESIZE_OUT_HEIGHT, 2));
  return (
    holds(step, context, 0, dtype, times(extent(step, RESIZE_BATCH, 3), pixel), 1) &&
    isIndexTable(step, context, 1, RESIZE_OUT_HEIGHT, parameter(step, RESIZE_IN_HEIGHT) - 1) &&
    isIndexTable(step, context, 2, RESIZE_OUT_WIDTH, parameter(step, RESIZE_IN_WIDTH) - 1) &&
    holds(step, context, 3, dtype, times(outputs, pixel), 1)
  );
}

export function runResizeNearest(step: usize, context: usize, prepared: usize): void {
  const batch = parameter(step, RESIZE_BATCH);
  const outHeight = parameter(step, RESIZE_OUT_HEIGHT);
  const outWidth = parameter(step, RESIZE_OUT_WIDTH);
  const pixel = parameter(step, RESIZE_PIXEL);
  const inRow = parameter(step, RESIZE_IN_WIDTH) * pixel;
  const outRow = outWidth * pixel;
  const rows = operandAddress(step, context, 1);
  const columns = operandAddress(step, context, 2);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 3);
  for (let n = 0; n < batch; n++, x += inRow * parameter(step, RESIZE_IN_HEIGHT)) {
    for (let h = 0; h < outHeight; h++, y += outRow) {
      if (h > 0 && word(rows, h) == word(rows, h - 1)) {
        copyBytes(y, y - outRow, outRow);
        continue;
      }
      const row = x + word(rows, h) * inRow;
      for (let w = 0; w < outWidth; w++) copyBytes(y + w * pixel, row + word(columns, w) * pixel, pixel);
    }
  }
}
