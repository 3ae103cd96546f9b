/** MATMUL: y[i] = a[i] · b[i] for each batch i; a matrix that all batches share is stored once. */
import {
  DTYPE_FLOAT32,
  DTYPE_INT8,
  MATMUL_A_BATCH,
  MATMUL_A_ZERO_POINT,
  MATMUL_BATCH,
  MATMUL_B_BATCH,
  MATMUL_B_ZERO_POINT,
  MATMUL_CLAMP_HIGH,
  MATMUL_CLAMP_LOW,
  MATMUL_FLOAT32_PARAMETERS,
  MATMUL_INT8_PARAMETERS,
  MATMUL_K,
  MATMUL_M,
  MATMUL_MULTIPLIER_F32,
  MATMUL_N,
  MATMUL_OUTPUT_ZERO_POINT,
} from "../format";
import { extent, hasShape, holds, isBetween, NO_KERNEL, times } from "../check";
import { matmulFloat32Simd } from "../microkernels/matmul-float32-simd";
import { matmulInt8Simd, matmulWorkspaceBytesSimd, packMatmulSimd } from "../microkernels/matmul-int8-simd";
import { isClampInBuild, REQUANTIZE_CONSTANTS_BYTES, requantize, writeRequantizeConstants } from "../microkernels/requantize";
import { operandAddress, parameter, parameterF32, workspace } from "../step";
import { SIMD } from "../variant";

const WORKSPACE_LIMIT: i64 = 1 << 30;

function checkMatmul(step: usize, context: usize, dtype: i32, elementBytes: i64): bool {
  const batch = parameter(step, MATMUL_BATCH);
  const aBatch = parameter(step, MATMUL_A_BATCH);
  const bBatch = parameter(step, MATMUL_B_BATCH);
  if (batch < 1 || (aBatch != 1 && aBatch != batch) || (bBatch != 1 && bBatch != batch)) return false;
  const m: i64 = parameter(step, MATMUL_M);
  const n: i64 = parameter(step, MATMUL_N);
  return (
    extent(step, MATMUL_M, 3) > 0 &&
    holds(step, context, 0, dtype, times(aBatch, extent(step, MATMUL_M, 2)), elementBytes) &&
    holds(step, context, 1, dtype, times(bBatch, extent(step, MATMUL_K, 2)), elementBytes) &&
    holds(step, context, 2, dtype, times(batch, times(m, n)), elementBytes)
  );
}

export function checkMatmulFloat32(step: usize, context: usize): bool {
  return hasShape(step, 3, MATMUL_FLOAT32_PARAMETERS) && checkMatmul(step, context, DTYPE_FLOAT32, 4);
}

export function workspaceBytesMatmulFloat32(step: usize, context: usize): i32 {
  return 0;
}

export function runMatmulFloat32(step: usize, context: usize, prepared: usize): void {
  const m = parameter(step, MATMUL_M);
  const k = parameter(step, MATMUL_K);
  const n = parameter(step, MATMUL_N);
  const batch = parameter(step, MATMUL_BATCH);
  const aStep: usize = parameter(step, MATMUL_A_BATCH) == 1 ? <usize>0 : (<usize>m * k) << 2;
  const bStep: usize = parameter(step, MATMUL_B_BATCH) == 1 ? <usize>0 : (<usize>k * n) << 2;
  let a = operandAddress(step, context, 0);
  let b = operandAddress(step, context, 1);
  let y = operandAddress(step, context, 2);
  for (let i = 0; i < batch; i++, a += aStep, b += bStep, y += (<usize>m * n) << 2) {
    let columns = 0;
    if (SIMD) columns = matmulFloat32Simd(a, b, y, m, k, n);
    matmulColumnsFloat32(a, b, y, m, k, n, columns);
  }
}

/** The columns from `first` on. Products are added from the first to the last, one by one, in every variant. */
function matmulColumnsFloat32(a: usize, b: usize, y: usize, m: i32, k: i32, n: i32, first: i32): void {
  const rowBytes = <usize>n << 2;
  for (let i = 0; i < m; i++) {
    for (let j = first; j < n; j++) {
      let sum: f32 = 0;
      let p = a + ((<usize>i * k) << 2);
      let q = b + (<usize>j << 2);
      for (const end = p + (<usize>k << 2); p < end; p += 4, q += rowBytes) sum += load<f32>(p) * load<f32>(q);
      store<f32>(y + ((<usize>i * n + j) << 2), sum);
    }
  }
}

export function checkMatmulInt8(step: usize, context: usize): i32 {
  const isValid =
    hasShape(step, 3, MATMUL_INT8_PARAMETERS) &&
    isBetween(step, MATMUL_A_ZERO_POINT, -128, 127) &&
    isBetween(step, MATMUL_B_ZERO_POINT, -128, 127) &&
    isBetween(step, MATMUL_OUTPUT_ZERO_POINT, -128, 127) &&
    isBetween(step, MATMUL_CLAMP_LOW, -128, 127) &&
    isBetween(step, MATMUL_CLAMP_HIGH, -128, 127) &&
    checkMatmul(step, context, DTYPE_INT8, 1) &&
    // A narrow matrix grows when it is padded to full tiles.
    times(times(parameter(step, MATMUL_K), parameter(step, MATMUL_N)), 32) < WORKSPACE_LIMIT;
  if (!isValid) return 0;
  return isClampInBuild(parameter(step, MATMUL_CLAMP_LOW), parameter(step, MATMUL_CLAMP_HIGH)) ? 1 : NO_KERNEL;
}

export function workspaceBytesMatmulInt8(step: usize, context: usize): i32 {
  if (!SIMD) return 0;
  return REQUANTIZE_CONSTANTS_BYTES + matmulWorkspaceBytesSimd(parameter(step, MATMUL_K), parameter(step, MATMUL_N));
}

export function runMatmulInt8(step: usize, context: usize, prepared: usize): void {
  const m = parameter(step, MATMUL_M);
  const k = parameter(step, MATMUL_K);
  const n = parameter(step, MATMUL_N);
  const batch = parameter(step, MATMUL_BATCH);
  const aZeroPoint = parameter(step, MATMUL_A_ZERO_POINT);
  const bZeroPoint = parameter(step, MATMUL_B_ZERO_POINT);
  const multiplier = parameterF32(step, MATMUL_MULTIPLIER_F32);
  const zeroPoint = parameter(step, MATMUL_OUTPUT_ZERO_POINT);
  const low = parameter(step, MATMUL_CLAMP_LOW);
  const high = parameter(step, MATMUL_CLAMP_HIGH);
  const aStep: usize = parameter(step, MATMUL_A_BATCH) == 1 ? <usize>0 : <usize>m * k;
  const bStep: usize = parameter(step, MATMUL_B_BATCH) == 1 ? <usize>0 : <usize>k * n;
  let a = operandAddress(step, context, 0);
  let b = operandAddress(step, context, 1);
  let y = operandAddress(step, context, 2);
  const constants = workspace(context);
  const packed = constants + REQUANTIZE_CONSTANTS_BYTES;
  if (SIMD) writeRequantizeConstants(constants, zeroPoint, low, high);
  for (let i = 0; i < batch; i++, a += aStep, b += bStep, y += <usize>m * n) {
    if (SIMD) {
      if (i == 0 || bStep != 0) packMatmulSimd(b, k, n, aZeroPoint, bZeroPoint, multiplier, packed);
      matmulInt8Simd(a, packed, y, m, k, n, constants);
    } else {
      matmulInt8Scalar(a, b, y, m, k, n, aZeroPoint, bZeroPoint, multiplier, zeroPoint, low, high);
    }
  }
}

function matmulInt8Scalar(
  a: usize, b: usize, y: usize, m: i32, k: i32, n: i32,
  aZeroPoint: i32, bZeroPoint: i32, multiplier: f32, zeroPoint: i32, low: i32, high: i32,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++, y++) {
      let sum: i32 = 0;
      let p = a + <usize>i * k;
      let q = b + j;
      for (const end = p + k; p < end; p++, q += n) sum += (<i32>load<i8>(p) - aZeroPoint) * (<i32>load<i8>(q) - bZeroPoint);
      store<i8>(y, requantize(sum, multiplier, zeroPoint, low, high));
    }
  }
}
