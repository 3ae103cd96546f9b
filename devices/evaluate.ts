/** Runs a packed model over samples on a device and compares it with labels and with the float model. */
import { crc32 } from 'node:zlib';
import type { PackedModel } from '../compiler/packed/read.ts';
import { pause } from '../compiler/pause.ts';
import { AccuracyMeter } from '../compiler/quantization/accuracy.ts';
import { sampleReader } from '../compiler/samples/layout.ts';
import type { Metric, Samples } from '../compiler/samples/samples.ts';
import type { Device } from './device.ts';
import { inputBytes, outputValues } from './port-bytes.ts';
import { indexOfMaximum, type Reference } from './reference.ts';

export interface Evaluation {
  readonly metric: Metric;
  /** The metric of the packed model: share of samples, 0 … 1; null where it needs a reference that was not given. */
  readonly int8: number | null;
  /** The metric of the float model; null without a reference. */
  readonly float: number | null;
  /** Share of samples on which both name the same class (largest value of the first output); null without a reference. */
  readonly agreement: number | null;
  /** Signal to quantization noise over all outputs in dB; null without a reference, or when every output is equal. */
  readonly sqnr: number | null;
  readonly cosine: number | null;
  readonly samples: number;
  /** Where labels are known and classes are few. */
  readonly confusion?: Confusion;
  /** CRC-32 of the output bytes of all samples in order, 8 hex digits: equal on every device. */
  readonly outputCrc32: string;
}

/** Number of samples by [label][class that was chosen]. */
export interface Confusion {
  readonly classes: readonly string[];
  readonly int8: readonly (readonly number[])[];
  readonly float?: readonly (readonly number[])[];
}

export interface EvaluateOptions {
  readonly model: PackedModel;
  readonly samples: Samples;
  /** The model must be deployed. */
  readonly device: Device;
  readonly reference?: Reference;
  readonly onSample?: (done: number) => void;
}

/** So many samples go to the device at once; then the reference answers the same ones. */
export const BATCH = 16;

/** Beyond, a table of all pairs helps nobody. */
const CONFUSION_CLASSES = 64;

function count(counts: Map<string, number>, label: number | undefined, chosen: number): void {
  if (label !== undefined) counts.set(`${label} ${chosen}`, (counts.get(`${label} ${chosen}`) ?? 0) + 1);
}

/** Counts what the classes of one sample after the other agree on. */
class Tally {
  int8 = 0;
  float = 0;
  both = 0;
  readonly meter = new AccuracyMeter();
  /** "label chosen" → number of samples. */
  readonly int8Counts = new Map<string, number>();
  readonly floatCounts = new Map<string, number>();
  classCount = 0;

  add(actual: readonly Float32Array[], expected: readonly Float32Array[] | undefined, label: number | undefined): void {
    const chosen = indexOfMaximum(actual[0] as Float32Array);
    this.int8 += Number(chosen === label);
    this.classCount = (actual[0] as Float32Array).length;
    count(this.int8Counts, label, chosen);
    if (!expected) return;
    const floatChosen = indexOfMaximum(expected[0] as Float32Array);
    this.float += Number(floatChosen === label);
    count(this.floatCounts, label, floatChosen);
    this.both += Number(chosen === floatChosen);
    expected.forEach((values, i) => {
      this.meter.add(values, actual[i] as Float32Array);
    });
  }
}

/** @throws InputFileError when the samples do not fit the model; DeviceError when the device fails. */
export async function evaluate({ model, samples, device, reference, onSample }: EvaluateOptions): Promise<Evaluation> {
  const read = sampleReader(samples, model.metadata.inputs);
  const tally = new Tally();
  let crc = 0;
  for (let first = 0; first < samples.count; first += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, samples.count - first) }, (_, i) => first + i);
    const results = await device.infer(indices.map((index) => inputBytes(model.metadata, read(index))));
    indices.forEach((index, i) => {
      const bytes = results[i] as Uint8Array;
      crc = crc32(bytes, crc);
      tally.add(outputValues(model.metadata, bytes), reference?.(index), samples.label?.(index));
    });
    onSample?.(first + indices.length);
    // Signals (Ctrl-C) are heard between batches.
    await pause();
  }
  return summarize(tally, samples, crc, reference !== undefined);
}

function summarize(tally: Tally, samples: Samples, crc: number, compared: boolean): Evaluation {
  const share = (count: number) => count / samples.count;
  const agreement = compared ? share(tally.both) : null;
  const { sqnr, cosine } = tally.meter.accuracy;
  const isTop1 = samples.metric === 'top1';
  return {
    metric: samples.metric,
    int8: isTop1 ? share(tally.int8) : agreement,
    float: compared ? (isTop1 ? share(tally.float) : 1) : null,
    agreement,
    sqnr: compared && Number.isFinite(sqnr) ? sqnr : null,
    cosine: compared ? cosine : null,
    samples: samples.count,
    ...(samples.label && tally.classCount <= CONFUSION_CLASSES && { confusion: confusionOf(tally, samples, compared) }),
    outputCrc32: crc.toString(16).padStart(8, '0'),
  };
}

function confusionOf({ classCount, int8Counts, floatCounts }: Tally, { classes }: Samples, compared: boolean): Confusion {
  const indices = Array.from({ length: classCount }, (_, i) => i);
  const matrix = (counts: ReadonlyMap<string, number>) =>
    indices.map((label) => indices.map((chosen) => counts.get(`${label} ${chosen}`) ?? 0));
  return {
    classes: indices.map((i) => classes?.[i] ?? String(i)),
    int8: matrix(int8Counts),
    ...(compared && { float: matrix(floatCounts) }),
  };
}
