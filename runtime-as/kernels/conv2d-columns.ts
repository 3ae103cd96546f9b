/**
 * int8 convolution for boards: the patches of two output pixels are gathered as two columns, which meet every
 * block of 4 output channels. Weights, biases and multipliers are reordered by the host (prepareColumns) and lie in flash.
 */
import {
  CONV_BATCH,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_INPUT_ZERO_POINT,
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
} from "../format";
import {
  COLUMN_ELEMENT_BYTES,
  COLUMN_MULTIPLE,
  COLUMN_RUN_ELEMENTS,
  COLUMN_UNIT_BYTES,
  COLUMN_WEIGHTS_BEHIND,
  fillRun,
  multiplyColumn,
  multiplyColumns2,
  paddedRun,
  weightOffset,
  writeRun,
  writeRuns,
} from "../microkernels/columns";
import { COLUMN_BLOCK_HEADER_BYTES } from "../microkernels/columns-finish";
import { operandAddress, parameterAddress, word, workspace } from "../step";
import { MVE } from "../variant";
import { endTap, firstTap } from "./geometry";

const BLOCK_CHANNELS: i32 = 4;

/** Taps of a kernel row whose inputs lie one after the other. */
function runTaps(parameters: usize): i32 {
  return word(parameters, CONV_GROUPS) == 1 && word(parameters, CONV_DILATION_WIDTH) == 1 ? word(parameters, CONV_KERNEL_WIDTH) : 1;
}

function runElements(parameters: usize): i32 {
  return runTaps(parameters) * (word(parameters, CONV_IN_CHANNELS) / word(parameters, CONV_GROUPS));
}

function runsOfPatch(parameters: usize): i32 {
  return word(parameters, CONV_KERNEL_HEIGHT) * (word(parameters, CONV_KERNEL_WIDTH) / runTaps(parameters));
}

/** Elements of a column; only the check needs more than 31 bits. */
function columnElements<T>(parameters: usize): T {
  const elements = <T>runsOfPatch(parameters) * <T>paddedRun(runElements(parameters));
  return (elements + <T>(COLUMN_MULTIPLE - 1)) & ~<T>(COLUMN_MULTIPLE - 1);
}

function blockBytes<T>(parameters: usize): T {
  return <T>COLUMN_BLOCK_HEADER_BYTES + columnElements<T>(parameters) * <T>BLOCK_CHANNELS;
}

function groupBlocks(parameters: usize): i32 {
  return (word(parameters, CONV_OUT_CHANNELS) / word(parameters, CONV_GROUPS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

/** Only after checkGeometry; may exceed 31 bits. */
export function columnsPreparedBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  return blockBytes<i64>(parameters) * groupBlocks(parameters) * word(parameters, CONV_GROUPS) + COLUMN_WEIGHTS_BEHIND;
}

function pixels(parameters: usize): i32 {
  return word(parameters, CONV_BATCH) * word(parameters, CONV_OUT_HEIGHT) * word(parameters, CONV_OUT_WIDTH);
}

/** Bytes of the columns that are gathered at a time. */
function columnsBytes<T>(parameters: usize): T {
  return columnElements<T>(parameters) * <T>(COLUMN_ELEMENT_BYTES * min(2, pixels(parameters)));
}

/** Whether no patch is ever gathered. */
function isInPlace(parameters: usize): bool {
  return (
    MVE &&
    word(parameters, CONV_KERNEL_HEIGHT) * word(parameters, CONV_KERNEL_WIDTH) == 1 &&
    word(parameters, CONV_PAD_TOP) + word(parameters, CONV_PAD_LEFT) == 0 &&
    (word(parameters, CONV_OUT_HEIGHT) - 1) * word(parameters, CONV_STRIDE_HEIGHT) < word(parameters, CONV_IN_HEIGHT) &&
    (word(parameters, CONV_OUT_WIDTH) - 1) * word(parameters, CONV_STRIDE_WIDTH) < word(parameters, CONV_IN_WIDTH)
  );
}

/** columns · one run, for those that lie partly in the padding */
export function columnsWorkspaceBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  if (isInPlace(parameters)) return 0;
  return columnsBytes<i64>(parameters) + (isAssembled(parameters) ? runElements(parameters) : 0);
}

/** Whether a run must be complete, padding and all, before it is written to its column. */
function isAssembled(parameters: usize): bool {
  return runTaps(parameters) > 1 && word(parameters, CONV_IN_CHANNELS) % COLUMN_RUN_ELEMENTS != 0;
}

/** Per group: blocks of 4 channels. Channels behind the group's last are zeros. */
export function prepareColumns(step: usize, context: usize, prepared: usize): void {
  const parameters = parameterAddress(step, 0);
  const groups = word(parameters, CONV_GROUPS);
  const outGroup = word(parameters, CONV_OUT_CHANNELS) / groups;
  let to = prepared;
  memory.fill(to, 0, <usize>columnsPreparedBytes(step));
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outGroup; n += BLOCK_CHANNELS, to += blockBytes<usize>(parameters)) {
      const channels = min(BLOCK_CHANNELS, outGroup - n);
      for (let channel = 0; channel < channels; channel++) prepareChannel(step, context, g * outGroup + n + channel, channel, to);
    }
  }
}

/** One channel of the convolution as channel `lane` of a block. */
function prepareChannel(step: usize, context: usize, channel: i32, lane: i32, block: usize): void {
  const parameters = parameterAddress(step, 0);
  const at = <usize>channel << 2;
  store<i32>(block + (<usize>lane << 2), load<i32>(operandAddress(step, context, 2) + at));
  store<f32>(block + (<usize>lane << 2), load<f32>(operandAddress(step, context, 3) + at), BLOCK_CHANNELS * 4);
  const run = runElements(parameters);
  const runs = runsOfPatch(parameters);
  let from = operandAddress(step, context, 1) + <usize>(channel * runs * run);
  const to = block + COLUMN_BLOCK_HEADER_BYTES;
  const k = columnElements<i32>(parameters);
  for (let r = 0; r < runs; r++) {
    for (let i = 0; i < run; i++, from++) store<i8>(to + weightOffset(r, i, run, k, lane), load<i8>(from));
  }
}

/**
 * Gathers the patch whose tap (0, 0) lies at row `hStart`, column `wStart` of the image; `x` points to the first channel of
 * the group, units of the column lie `step` bytes apart, `run` has room for one assembled run.
 */
function gatherColumn(parameters: usize, x: usize, hStart: i32, wStart: i32, to: usize, step: usize, run: usize): void {
  const height = word(parameters, CONV_IN_HEIGHT);
  const width = word(parameters, CONV_IN_WIDTH);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const kernelWidth = word(parameters, CONV_KERNEL_WIDTH);
  const dilation = word(parameters, CONV_DILATION_WIDTH);
  const dilationHeight = word(parameters, CONV_DILATION_HEIGHT);
  const zeroPoint = word(parameters, CONV_INPUT_ZERO_POINT);
  const taps = runTaps(parameters);
  const elements = runElements(parameters);
  const first = firstTap(wStart, dilation, kernelWidth);
  const end = max(first, endTap(wStart, dilation, kernelWidth, width));
  let h = hStart;
  for (let kh = word(parameters, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += dilationHeight) {
    const isOutside = h < 0 || h >= height;
    const row = x + <usize>((h * width + wStart) * channels);
    if (taps == 1) {
      let from = row;
      for (let kw = 0; kw < kernelWidth; kw++, from += <usize>(channels * dilation)) {
        if (isOutside || kw < first || kw >= end) to = fillRun(to, zeroPoint, elements, step);
        else to = writeRun(to, from, elements, step);
      }
    } else if (isOutside || first == end) {
      to = fillRun(to, zeroPoint, elements, step);
    } else if (end - first == kernelWidth) {
      to = writeRun(to, row, elements, step);
    } else if (isAssembled(parameters)) {
      memory.fill(run, <u8>zeroPoint, elements);
      memory.copy(run + <usize>(first * channels), row + <usize>(first * channels), (end - first) * channels);
      to = writeRun(to, run, elements, step);
    } else {
      to = fillRun(to, zeroPoint, first * channels, step);
      to = writeRun(to, row + <usize>(first * channels), (end - first) * channels, step);
      to = fillRun(to, zeroPoint, (kernelWidth - end) * channels, step);
    }
  }
}

/** One group: `x` and `y` point to its first channels, `block` to its weights. */
function runGroup(parameters: usize, x: usize, block: usize, y: usize, columns: usize): void {
  const outChannels = word(parameters, CONV_OUT_CHANNELS);
  const outGroup = outChannels / word(parameters, CONV_GROUPS);
  const outWidth = word(parameters, CONV_OUT_WIDTH);
  const k = columnElements<i32>(parameters);
  const run = columns + columnsBytes<usize>(parameters);
  const kernelHeight = word(parameters, CONV_KERNEL_HEIGHT);
  const elements = runElements(parameters);
  const height = word(parameters, CONV_IN_HEIGHT);
  const width = word(parameters, CONV_IN_WIDTH);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const dilation = word(parameters, CONV_DILATION_HEIGHT);
  const runBytes = <usize>(dilation * width * channels);
  const pixelBytes = <usize>(word(parameters, CONV_STRIDE_WIDTH) * channels);
  // Patches that begin in these first rows and columns lie inside, and their kernel rows are runs.
  const insideRows = max(height - (kernelHeight - 1) * dilation, 0);
  const insideColumns = runTaps(parameters) == word(parameters, CONV_KERNEL_WIDTH) ? max(width - runTaps(parameters) + 1, 0) : 0;
  let hStart = 0, wStart = 0, insideEnd = 0, pixelsOfRow = 0;
  let from = x;
  let row = word(parameters, CONV_OUT_HEIGHT);
  x -= imageBytes(parameters);
  for (let left = pixels(parameters); left > 0; left -= 2, y += <usize>outChannels << 1) {
    const count = min(left, 2);
    const step = <usize>(COLUMN_UNIT_BYTES * count);
    let first = columns;
    let last = columns;
    for (let i = 0; i < count; i++) {
      if (pixelsOfRow == 0) {
        pixelsOfRow = outWidth;
        hStart += word(parameters, CONV_STRIDE_HEIGHT);
        if (row == word(parameters, CONV_OUT_HEIGHT)) {
          row = 0;
          hStart = -word(parameters, CONV_PAD_TOP);
          x += imageBytes(parameters);
        }
        row++;
        wStart = -word(parameters, CONV_PAD_LEFT);
        from = x + <usize>((hStart * width + wStart) * channels);
        insideEnd = <u32>hStart < <u32>insideRows ? insideColumns : 0;
      }
      last = columns + <usize>(COLUMN_UNIT_BYTES > 0 ? i * COLUMN_UNIT_BYTES : i * k);
      if (<u32>wStart >= <u32>insideEnd) gatherColumn(parameters, x, hStart, wStart, last, step, run);
      // What is neither widened nor interleaved may stay where it is.
      else if (MVE && kernelHeight == 1) last = from;
      else writeRuns(last, from, elements, kernelHeight, runBytes, step);
      if (i == 0) first = last;
      pixelsOfRow--;
      wStart += word(parameters, CONV_STRIDE_WIDTH);
      from += pixelBytes;
    }
    if (count == 2) multiplyColumns2(first, last, k, block, outGroup, parameters, y, outChannels);
    else multiplyColumn(first, k, block, outGroup, parameters, y);
  }
}

function imageBytes(parameters: usize): usize {
  return <usize>(word(parameters, CONV_IN_HEIGHT) * word(parameters, CONV_IN_WIDTH) * word(parameters, CONV_IN_CHANNELS));
}

export function runColumns(step: usize, context: usize, prepared: usize): void {
  const parameters = parameterAddress(step, 0);
  const groups = word(parameters, CONV_GROUPS);
  const inGroup = word(parameters, CONV_IN_CHANNELS) / groups;
  const outGroup = word(parameters, CONV_OUT_CHANNELS) / groups;
  const groupBytes = blockBytes<usize>(parameters) * groupBlocks(parameters);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  for (let g = 0; g < groups; g++, x += inGroup, y += outGroup, prepared += groupBytes) {
    runGroup(parameters, x, prepared, y, workspace(context));
  }
}
