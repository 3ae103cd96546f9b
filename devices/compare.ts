/** Whether a device computes the bytes that this host computes, layer by layer: the first one that differs is named. */
import { crc32 } from 'node:zlib';
import { Engine } from '../compiler/engine.ts';
import { opcodeNames } from '../compiler/packed/opcode-names.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { type PackedRecords, readRecords, type TensorRecord } from '../compiler/packed/records.ts';
import { fullRuntime } from '../compiler/root.ts';
import type { Device } from './device.ts';

/** The first difference in the order of execution. */
export interface Difference {
  readonly step: number;
  readonly name: string;
  readonly op: string;
  /** Bytes of the step's output that differ, and how many there are. */
  readonly differingBytes: number;
  readonly bytes: number;
  /** The first of them. */
  readonly byte: number;
  readonly expected: number;
  readonly actual: number;
}

/** A device that tells of its layers. */
export type ComparableDevice = Device & Required<Pick<Device, 'stepCrcs' | 'stepOutput'>>;

export function isComparable(device: Device): device is ComparableDevice {
  return device.stepCrcs !== undefined && device.stepOutput !== undefined;
}

/** Runs step by step on the host's scalar kernels. */
class HostSteps {
  private constructor(
    private readonly engine: Engine,
    private readonly records: PackedRecords,
    private readonly input: Uint8Array,
  ) {}

  static async create(model: PackedModel, input: Uint8Array): Promise<HostSteps> {
    return new HostSteps(await Engine.create(await fullRuntime('scalar'), model.bytes), readRecords(model), input);
  }

  /** The output of every step, in order; each is valid until the next is taken. */
  *outputs(): Generator<Uint8Array> {
    const { engine, records } = this;
    let at = 0;
    records.inputs.forEach((tensor, i) => {
      const { bytes } = records.tensors[tensor] as TensorRecord;
      engine.input(i, bytes).set(this.input.subarray(at, at + bytes));
      at += bytes;
    });
    for (const [i, { operands }] of records.steps.entries()) {
      engine.runSteps(i, i + 1);
      const output = operands.at(-1) as number;
      yield engine.tensor(output, (records.tensors[output] as TensorRecord).bytes);
    }
  }
}

/**
 * The model must be deployed.
 * @param input as Device.infer takes it
 * @returns undefined when every layer's output is equal, bit for bit
 */
export async function firstDifference(model: PackedModel, device: ComparableDevice, input: Uint8Array): Promise<Difference | undefined> {
  const host = await HostSteps.create(model, input);
  const actualCrcs = await device.stepCrcs(input);
  let step = 0;
  for (const expected of host.outputs()) {
    if (crc32(expected) !== actualCrcs[step]) {
      const actual = await device.stepOutput(input, step);
      return describe(model, step, expected, actual);
    }
    step++;
  }
  return undefined;
}

function describe(model: PackedModel, step: number, expected: Uint8Array, actual: Uint8Array): Difference {
  const differing = [...expected.keys()].filter((i) => expected[i] !== actual[i]);
  const byte = differing[0] ?? 0;
  return {
    step,
    name: model.metadata.steps[step] ?? `step ${step}`,
    op: opcodeNames.get(model.opcodes[step] as number) as string,
    differingBytes: differing.length,
    bytes: expected.length,
    byte,
    expected: expected[byte] as number,
    actual: actual[byte] as number,
  };
}

/** One line for people. */
export function differenceText({ name, op, differingBytes, bytes, byte, expected, actual }: Difference): string {
  return `${name} (${op}) is the first layer that differs from this host: ${differingBytes} of ${bytes} bytes, first at ${byte}: expected ${expected}, got ${actual}`;
}
