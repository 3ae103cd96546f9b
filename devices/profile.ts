/** Where the time of an inference goes: one row per step of the packed model, with the share of what the engine could do. */

import { opcodeNames } from '../compiler/packed/opcode-names.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { readRecords } from '../compiler/packed/records.ts';
import { macsOf } from '../compiler/report.ts';
import type { Device, StepTime } from './device.ts';
import type { Roofline } from './roofline.ts';

export interface LayerProfile {
  readonly name: string;
  /** Opcode of its kernel: CONV2D_INT8 … */
  readonly op: string;
  readonly us: number;
  /** Of the sum of all layers. */
  readonly share: number;
  readonly macs: number;
  readonly macsPerSecond: number;
  /** Of the roofline that applies to its kernel; absent for kernels without multiply-accumulates. */
  readonly rooflineShare?: number;
  /** Of its operands: inputs, constants and output. */
  readonly bytes: number;
}

export interface Profile {
  readonly perLayer: readonly LayerProfile[];
  /** Multiply-accumulates per second; absent where the device has none. */
  readonly roofline?: Roofline;
}

/** A step that takes this share of an inference is measured to a percent of its time. */
const SMALLEST_SHARE = 0.001;
const CLOCK_STEPS = 100;
const PASS_MAX_US = 5e5;
const PASSES_MAX_US = 2e6;
const MIN_PASSES = 3;
const MAX_PASSES = 20;
/** Of the roofline, spread over the passes. */
const MAX_ROOFLINES = 5;

/** Which loop of the roofline bounds the kernel. */
function rooflineOf(op: string): keyof Roofline | undefined {
  if (!/^(CONV|DEPTHWISE|MATMUL)/.test(op)) return undefined;
  if (op.endsWith('FLOAT32')) return 'float32';
  return op.startsWith('DEPTHWISE') ? 'depthwise' : 'dot';
}

/** Passes for which every step is measured well enough, and the runs of each. */
function passesFor(inferenceUs: number, clockStepUs: number): { readonly runs: number; readonly passes: number } {
  const wanted = Math.ceil((CLOCK_STEPS * clockStepUs) / (SMALLEST_SHARE * inferenceUs));
  const runs = Math.max(1, Math.min(wanted, Math.floor(PASS_MAX_US / inferenceUs)));
  return { runs, passes: Math.min(MAX_PASSES, Math.max(MIN_PASSES, Math.floor(PASSES_MAX_US / (runs * inferenceUs)))) };
}

function fastest(a: Roofline | undefined, b: Roofline): Roofline {
  return a ? { dot: Math.max(a.dot, b.dot), depthwise: Math.max(a.depthwise, b.depthwise), float32: Math.max(a.float32, b.float32) } : b;
}

/** Every step's least time and the roofline's highest rates, in turns: what else the machine does only slows both, and often for seconds. */
async function measureInTurns(device: Device, profile: (runs: number) => Promise<readonly StepTime[]>, runs: number, passes: number) {
  const times: number[] = [];
  let roofline: Roofline | undefined;
  const between = Math.ceil(passes / MAX_ROOFLINES);
  for (let pass = 0; pass < passes; pass++) {
    for (const { step, us } of await profile(runs)) times[step] = Math.min(times[step] ?? Number.POSITIVE_INFINITY, us);
    if (device.roofline && pass % between === 0) roofline = fastest(roofline, await device.roofline());
  }
  return { times, roofline };
}

/**
 * The model must be deployed, warm, and have seen an input.
 * @param inferenceUs what one inference takes
 */
export async function profileModel(model: PackedModel, device: Device, inferenceUs: number): Promise<Profile | undefined> {
  const { stepUs, counts } = await device.clock();
  const { profile } = device;
  if (!profile) return undefined;
  // Instructions are the same in every run.
  const { runs, passes } = counts === 'instructions' ? { runs: 1, passes: 1 } : passesFor(inferenceUs, stepUs);
  const { times, roofline } = await measureInTurns(device, (count) => profile.call(device, count), runs, passes);
  const { steps, tensors } = readRecords(model);
  const totalUs = times.reduce((sum, us) => sum + us, 0);
  const perLayer = steps.map((step, i): LayerProfile => {
    const us = times[i] as number;
    const op = opcodeNames.get(step.opcode) as string;
    const macs = macsOf(step);
    const macsPerSecond = us > 0 ? macs / (us / 1e6) : 0;
    const bound = rooflineOf(op);
    return {
      name: model.metadata.steps[i] ?? `step ${i}`,
      op,
      us,
      share: totalUs > 0 ? us / totalUs : 0,
      macs,
      macsPerSecond,
      ...(bound && roofline && { rooflineShare: macsPerSecond / roofline[bound] }),
      bytes: step.operands.reduce((sum, tensor) => sum + (tensors[tensor]?.bytes ?? 0), 0),
    };
  });
  return { perLayer, ...(roofline && { roofline }) };
}
