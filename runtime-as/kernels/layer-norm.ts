/** LAYER_NORM_FLOAT32: each row of x [outer, length] gets mean 0 and variance 1, then y = x · gamma + beta. */
import { DTYPE_FLOAT32, LAYER_NORM_EPSILON_F32, LAYER_NORM_LENGTH, LAYER_NORM_OUTER, LAYER_NORM_PARAMETERS } from "../format";
import { extent, hasShape, holds } from "../check";
import { meanOfRow, normalizeRow, varianceOfRow } from "../microkernels/normalize-row";
import { operandAddress, parameter, parameterF32 } from "../step";

export function checkLayerNormFloat32(step: usize, context: usize): bool {
  const elements = extent(step, LAYER_NORM_OUTER, 2);
  const length = extent(step, LAYER_NORM_LENGTH, 1);
  return (
    hasShape(step, 4, LAYER_NORM_PARAMETERS) &&
    holds(step, context, 0, DTYPE_FLOAT32, elements, 4) &&
    holds(step, context, 1, DTYPE_FLOAT32, length, 4) &&
    holds(step, context, 2, DTYPE_FLOAT32, length, 4) &&
    holds(step, context, 3, DTYPE_FLOAT32, elements, 4)
  );
}

export function runLayerNormFloat32(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, LAYER_NORM_OUTER);
  const length = parameter(step, LAYER_NORM_LENGTH);
  const epsilon = <f64>parameterF32(step, LAYER_NORM_EPSILON_F32);
  const gamma = operandAddress(step, context, 1);
  const beta = operandAddress(step, context, 2);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 3);
  const rowBytes = <usize>length << 2;
  for (let o = 0; o < outer; o++, x += rowBytes, y += rowBytes) {
    const mean = meanOfRow(x, length);
    normalizeRow(x, y, length, mean, 1 / sqrt<f64>(varianceOfRow(x, length, mean) + epsilon), gamma, beta);
  }
}
