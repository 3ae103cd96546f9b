/**
 * Depthwise int8 convolution for SIMD: a ring in the workspace keeps the input rows that the current output row needs,
 * widened to int16 and padded with the zero point, so that the microkernel sees neither padding nor strides.
 *
 * Row `id` = input row + top padding lies in slot id % kernelHeight, and is widened once for all the output rows that need it.
 * With dilation the rows of each output row lie in the slots from 0 on, and are widened for each. Nothing divides from row to row:
 * on small maps that took a tenth of the time.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { depthwiseRow, DEPTHWISE_HEADER_BYTES, fillColumns, widenColumns } from "../microkernels/depthwise-int8-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { operandAddress, workspace } from "../step";
import { convParameter as parameter, imageElements } from "./geometry";

const BLOCK_CHANNELS: i32 = 8;
/** Bytes of one column of a widened row: 8 channels int16. */
const COLUMN_BYTES: i64 = 16;
/** Of a phase of a row: bytes of padding before the image, columns of the image, bytes from the image's row to the first of them. */
const PHASE_BYTES: i32 = 12;

function channelBlocks(step: usize): i32 {
  return (parameter(step, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

function tapPairs(step: usize): i32 {
  return (parameter(step, CONV_KERNEL_HEIGHT) * parameter(step, CONV_KERNEL_WIDTH) + 1) >> 1;
}

function blockBytes(step: usize): usize {
  return <usize>DEPTHWISE_HEADER_BYTES + (<usize>tapPairs(step) << 5);
}

/** Columns of one phase; the microkernel computes output pixels in twos. */
function phaseColumns(step: usize): i32 {
  const reach = (parameter(step, CONV_KERNEL_WIDTH) - 1) * parameter(step, CONV_DILATION_WIDTH);
  return ((parameter(step, CONV_OUT_WIDTH) + 1) & ~1) + reach / parameter(step, CONV_STRIDE_WIDTH);
}

/** One widened row of 8 channels. */
function rowBytes(step: usize): i64 {
  return COLUMN_BYTES * parameter(step, CONV_STRIDE_WIDTH) * phaseColumns(step);
}

/** Only after checkDepthwise; may exceed 31 bits. */
export function rowsPreparedBytes(step: usize): i64 {
  return REQUANTIZE_CONSTANTS_BYTES + <i64>channelBlocks(step) * blockBytes(step);
}

/** offset of each tap · offset of each tap of a line · what lies in each phase */
function tablesBytes(step: usize): i64 {
  return (<i64>tapPairs(step) * 8 + parameter(step, CONV_KERNEL_WIDTH) * 4 + parameter(step, CONV_STRIDE_WIDTH) * PHASE_BYTES + 15) & ~15;
}

/** tables · ring [kernelHeight][channel block][row] */
export function rowsWorkspaceBytes(step: usize): i64 {
  const slots = <i64>parameter(step, CONV_KERNEL_HEIGHT) * channelBlocks(step);
  // Two factors below 2^31 and a saturated third: no product of damaged parameters wraps.
  return tablesBytes(step) + slots * min<i64>(rowBytes(step), 1 << 31);
}

export function prepareRows(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const taps = parameter(step, CONV_KERNEL_HEIGHT) * parameter(step, CONV_KERNEL_WIDTH);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = operandAddress(step, context, 3);
  writeRequantizeConstants(
    prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
  );
  memory.fill(prepared + REQUANTIZE_CONSTANTS_BYTES, 0, <usize>rowsPreparedBytes(step) - REQUANTIZE_CONSTANTS_BYTES);
  for (let c = 0; c < channels; c++) {
    const block = prepared + REQUANTIZE_CONSTANTS_BYTES + <usize>(c / BLOCK_CHANNELS) * blockBytes(step);
    const lane = <usize>(c % BLOCK_CHANNELS) << 2;
    store<i32>(block + lane, load<i32>(bias + (<usize>c << 2)));
    store<f32>(block + lane, load<f32>(multipliers + (<usize>c << 2)), 32);
    for (let tap = 0; tap < taps; tap++) {
      const to = block + DEPTHWISE_HEADER_BYTES + (<usize>(tap >> 1) << 5) + lane + (<usize>(tap & 1) << 1);
      store<i16>(to, load<i8>(weights + <usize>(tap * channels + c)));
    }
  }
}

/** Byte offset of each tap of a line from the first output pixel; what lies in each phase of a row. */
function writeTables(step: usize, line: usize, phases: usize): void {
  const stride = parameter(step, CONV_STRIDE_WIDTH);
  const padding = parameter(step, CONV_PAD_LEFT);
  const columns = phaseColumns(step);
  let column = 0;
  for (let kw = parameter(step, CONV_KERNEL_WIDTH); kw > 0; kw--, column += parameter(step, CONV_DILATION_WIDTH), line += 4) {
    store<i32>(line, ((column % stride) * columns + column / stride) << 4);
  }
  for (let phase = 0; phase < stride; phase++, phases += PHASE_BYTES) {
    // Column i holds input column i · stride + phase - padding.
    const first = min(max((padding - phase + stride - 1) / stride, 0), columns);
    store<i32>(phases, first << 4);
    store<i32>(phases, min((parameter(step, CONV_IN_WIDTH) + padding - phase + stride - 1) / stride, columns) - first, 4);
    store<i32>(phases, (first * stride + phase - padding) * parameter(step, CONV_IN_CHANNELS), 8);
  }
}

export function runRows(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const dilation = parameter(step, CONV_DILATION_HEIGHT);
  const stride = parameter(step, CONV_STRIDE_HEIGHT);
  const pairs = tapPairs(step);
  const bytes = blockBytes(step);
  const imageBytes = imageElements(step);
  const lineBytes = <usize>(parameter(step, CONV_IN_WIDTH) * channels);
  const columnStride = <usize>(parameter(step, CONV_STRIDE_WIDTH) * channels);
  const phaseBytes = <usize>phaseColumns(step) << 4;
  const widenedBytes = <usize>rowBytes(step);
  const slotBytes = widenedBytes * channelBlocks(step);
  const taps = workspace(context);
  const line = taps + (<usize>pairs << 3);
  const phases = line + (<usize>parameter(step, CONV_KERNEL_WIDTH) << 2);
  const phasesEnd = phases + <usize>(parameter(step, CONV_STRIDE_WIDTH) * PHASE_BYTES);
  const ring = taps + <usize>tablesBytes(step);
  const zeroPoint = parameter(step, CONV_INPUT_ZERO_POINT);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  writeTables(step, line, phases);
  // The second tap of the last pair may not exist; its weights are zero.
  store<u32>(line - 4, 0);
  fillColumns(ring, zeroPoint, slotBytes * kernelHeight);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let top = 0, next = 0;
    for (let oh = 0; oh < outHeight; oh++) {
      let tap = taps;
      let slot = top;
      for (let kh = 0; kh < kernelHeight; kh++) {
        const id = oh * stride + kh * dilation;
        const to = ring + <usize>slot * slotBytes;
        if (id >= next || dilation > 1) {
          next = id + 1;
          const h = id - parameter(step, CONV_PAD_TOP);
          if (<u32>h < <u32>parameter(step, CONV_IN_HEIGHT)) {
            const x = image + <usize>h * lineBytes;
            let at = to;
            for (let phase = phases; phase < phasesEnd; phase += PHASE_BYTES, at += phaseBytes) {
              widenColumns(at + load<u32>(phase), widenedBytes, x + load<u32>(phase, 8), columnStride, load<i32>(phase, 4), channels);
            }
          } else fillColumns(to, zeroPoint, slotBytes);
        }
        for (let column = line; column < phases; column += 4, tap += 4) store<u32>(tap, <u32>(to - ring) + load<u32>(column));
        if (++slot == kernelHeight) slot = 0;
      }
      if (dilation == 1) top = (top + stride) % kernelHeight;
      let block = prepared + REQUANTIZE_CONSTANTS_BYTES;
      let rows = ring;
      for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += bytes, rows += widenedBytes) {
        depthwiseRow(rows, taps, pairs, block, channels - c, prepared, y + c, channels, outWidth);
      }
      y += <usize>(outWidth * channels);
    }
  }
}
