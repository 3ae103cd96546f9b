/** CONV2D_FLOAT32: x [N, H, W, C] · weights [O, KH, KW, C / groups] · bias [O] → y [N, OH, OW, O]. */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW_F32,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_FLOAT32_PARAMETERS,
  CONV_GROUPS,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
  DTYPE_FLOAT32,
} from "../format";
import { extent, hasShape, holds, isBetween, times } from "../check";
import { operandAddress, parameter, parameterF32 } from "../step";

const MAX_STEP: i32 = 1 << 15;

/** What every convolution must satisfy, whatever its dtype; weights hold `weightElements` elements. */
export function checkGeometry(step: usize, context: usize, dtype: i32, elementBytes: i64): bool {
  const groups = parameter(step, CONV_GROUPS);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  if (groups < 1 || channels < 1 || outChannels < 1 || channels % groups != 0 || outChannels % groups != 0) return false;
  for (let i = CONV_STRIDE_HEIGHT; i <= CONV_DILATION_WIDTH; i++) if (!isBetween(step, i, 1, MAX_STEP)) return false;
  for (let i = CONV_PAD_TOP; i <= CONV_PAD_LEFT; i++) if (!isBetween(step, i, 0, MAX_STEP)) return false;
  const last = 3 + (dtype == DTYPE_FLOAT32 ? 0 : 1);
  const taps = extent(step, CONV_KERNEL_HEIGHT, 2);
  return (
    holds(step, context, 0, dtype, extent(step, CONV_BATCH, 4), elementBytes) &&
    holds(step, context, 1, dtype, times(times(outChannels, taps), channels / groups), elementBytes) &&
    holds(step, context, last, dtype, times(parameter(step, CONV_BATCH), extent(step, CONV_OUT_HEIGHT, 3)), elementBytes)
  );
}

export function checkConv2dFloat32(step: usize, context: usize): bool {
  return (
    hasShape(step, 4, CONV_FLOAT32_PARAMETERS) &&
    checkGeometry(step, context, DTYPE_FLOAT32, 4) &&
    holds(step, context, 2, DTYPE_FLOAT32, parameter(step, CONV_OUT_CHANNELS), 4)
  );
}

export function workspaceBytesConv2dFloat32(step: usize, context: usize): i32 {
  return 0;
}

export function preparedBytesConv2dFloat32(step: usize, context: usize): i32 {
  return 0;
}

export function prepareConv2dFloat32(step: usize, context: usize, prepared: usize): void {}

export function runConv2dFloat32(step: usize, context: usize, prepared: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const groups = parameter(step, CONV_GROUPS);
  const inGroup = channels / groups;
  const outGroup = outChannels / groups;
  const low = parameterF32(step, CONV_CLAMP_LOW_F32);
  const high = parameterF32(step, CONV_CLAMP_HIGH_F32);
  const x = operandAddress(step, context, 0);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  let y = operandAddress(step, context, 3);
  const batch = parameter(step, CONV_BATCH);
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outHeight; oh++) {
      for (let ow = 0; ow < outWidth; ow++) {
        for (let oc = 0; oc < outChannels; oc++) {
          let sum = load<f32>(bias + ((<usize>oc) << 2));
          for (let kh = 0; kh < kernelHeight; kh++) {
            const h = oh * parameter(step, CONV_STRIDE_HEIGHT) + kh * parameter(step, CONV_DILATION_HEIGHT) - parameter(step, CONV_PAD_TOP);
            if (h < 0 || h >= height) continue;
            for (let kw = 0; kw < kernelWidth; kw++) {
              const w = ow * parameter(step, CONV_STRIDE_WIDTH) + kw * parameter(step, CONV_DILATION_WIDTH) - parameter(step, CONV_PAD_LEFT);
              if (w < 0 || w >= width) continue;
              let from = x + ((<usize>((n * height + h) * width + w) * channels + (oc / outGroup) * inGroup) << 2);
              let kernel = weights + ((<usize>((oc * kernelHeight + kh) * kernelWidth + kw) * inGroup) << 2);
              for (let c = 0; c < inGroup; c++, from += 4, kernel += 4) sum += load<f32>(from) * load<f32>(kernel);
            }
          }
          store<f32>(y, min<f32>(max<f32>(sum, low), high));
          y += 4;
        }
      }
    }
  }
}
