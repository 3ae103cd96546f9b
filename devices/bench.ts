/** Latency and size of one packed model on one device, as `whittle bench` reports them. */
import { crc32 } from 'node:zlib';
import { GateError, UsageError } from '../compiler/errors.ts';
import { byteLength } from '../compiler/graph.ts';
import { type PackedModel, readPackedModel } from '../compiler/packed/read.ts';
import { fullRuntime, type Variant, version } from '../compiler/root.ts';
import { viewOf } from '../targets/loader/convert.ts';
import { differenceText, firstDifference, isComparable } from './compare.ts';
import type { Deployed, Device } from './device.ts';
import { type Measurement, type MeasureOptions, measure } from './measure.ts';
import { profileModel } from './profile.ts';
import type { BenchReport } from './report-schema.ts';
import { Runner } from './runner.ts';
import { BENCH_SCHEMA_VERSION } from './schema-version.ts';
import { warningsOf } from './warnings.ts';

export interface BenchOptions extends MeasureOptions {
  readonly variant?: Variant;
  readonly threads?: number;
  /** Time every step, too. */
  readonly profile?: boolean;
}

/** The input of a timing run: every value of int8 in disorder, real numbers in [-2, 2). */
export function syntheticInput({ metadata }: PackedModel): Uint8Array {
  const input = new Uint8Array(metadata.inputs.reduce((sum, port) => sum + byteLength(port), 0));
  let offset = 0;
  for (const port of metadata.inputs) {
    // An array of its own: float32 needs an aligned offset.
    const bytes = new Uint8Array(byteLength(port));
    const values = viewOf(bytes, port.dtype);
    for (let i = 0; i < values.length; i++) values[i] = (((i * 97) & 0xff) - 128) / (port.dtype === 'float32' ? 64 : 1);
    input.set(bytes, offset);
    offset += bytes.length;
  }
  return input;
}

function crcText(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** What the scalar runtime computes on this machine: the same as any device must. */
async function hostOutput(model: PackedModel, input: Uint8Array): Promise<Uint8Array> {
  const { runner } = await Runner.create(model.bytes, await fullRuntime('scalar'));
  return runner.infer(input);
}

/** @throws GateError when the device computes other bytes than this machine. */
async function checkOutput(device: Device, input: Uint8Array, expected: Uint8Array, when: string): Promise<void> {
  const [actual] = (await device.infer([input])) as [Uint8Array];
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  if (at < 0 && actual.length === expected.length) return;
  throw new GateError(
    `${device.name}: ${when} its output is not that of this machine: CRC-32 ${crcText(actual)}, expected ${crcText(expected)}, first different byte ${at} of ${expected.length} (${actual[at]}, expected ${expected[at]}); nothing it measures means anything. Please report it with the model`,
  );
}

/** A deployed model whose outputs are known to be right. */
export interface ReadyModel {
  readonly model: PackedModel;
  readonly deployed: Deployed;
  /** What every report says of it. */
  readonly facts: Pick<
    BenchReport,
    | 'schemaVersion'
    | 'whittle'
    | 'measuredAt'
    | 'model'
    | 'modelCrc32'
    | 'device'
    | 'environment'
    | 'modelBytes'
    | 'arenaBytes'
    | 'outputCrc32'
  >;
  /** @throws GateError when the outputs are no longer those of this machine. */
  readonly check: (when: string) => Promise<void>;
}

/**
 * Deploys the model with a runtime of its own kernels only, and runs it once.
 * @throws GateError when a layer's output, or the model's, differs from this machine's; DeviceError when the device fails.
 */
export async function deployForBench(bytes: Uint8Array, device: Device, options: BenchOptions = {}): Promise<ReadyModel> {
  const { variant, threads = 1 } = options;
  const model = readPackedModel(bytes);
  const input = syntheticInput(model);
  const expected = await hostOutput(model, input);
  const deployed = await device.deploy({ model: bytes, ...(variant && { variant }), ...(threads > 1 && { threads }) });
  if ((deployed.threads ?? 1) !== threads) throw new UsageError(`--threads ${threads}: ${device.name} runs on one thread; leave it out`);
  const difference = isComparable(device) ? await firstDifference(model, device, input) : undefined;
  if (difference)
    throw new GateError(
      `${device.name}: ${differenceText(difference)}; nothing it measures means anything. Please report it with the model`,
    );
  const check = (when: string) => checkOutput(device, input, expected, when);
  await check('before the measurement');
  const facts = {
    schemaVersion: BENCH_SCHEMA_VERSION,
    whittle: version,
    measuredAt: new Date().toISOString(),
    model: model.metadata.name,
    modelCrc32: crcText(bytes),
    device: device.name,
    environment: device.environment,
    modelBytes: bytes.length,
    arenaBytes: model.arenaBytes,
    outputCrc32: crcText(expected),
  } as const;
  return { model, deployed, facts, check };
}

/**
 * Measures the latency of a model that is deployed anew.
 * @throws GateError when the outputs differ from this machine's; DeviceError when the device fails.
 */
export async function benchModel(bytes: Uint8Array, device: Device, options: BenchOptions = {}): Promise<BenchReport> {
  if (options.profile && !device.profile) throw new UsageError(`--profile: ${device.name} cannot time single steps; leave it out`);
  return measureReady(await deployForBench(bytes, device, options), device, options);
}

/** As `benchModel`, for a model that is deployed already. */
export async function measureReady(ready: ReadyModel, device: Device, options: BenchOptions): Promise<BenchReport> {
  return reportOf(ready, device, await measure(device, options), options);
}

/** What was measured just now. @throws GateError when the outputs are no longer those of this machine. */
export async function reportOf(
  { model, deployed, facts, check }: ReadyModel,
  device: Device,
  measurement: Measurement,
  options: BenchOptions,
): Promise<BenchReport> {
  await check('after the measurement');
  // A board's steps cost nothing to time, and its ticks are what its clock counts.
  const isBoard = isComparable(device);
  const profile = options.profile || isBoard ? await profileModel(model, device, measurement.minUs) : undefined;
  const { ticksPerSecond } = await device.clock();
  const warnings = warningsOf(measurement, deployed);
  const { memory, ...times } = deployed;
  return {
    ...facts,
    ...times,
    ...memory,
    ...measurement,
    ...(isBoard && { ticks: Math.round((measurement.medianUs * ticksPerSecond) / 1e6), ticksPerSecond }),
    ...profile,
    warnings,
    meaningful: !warnings.some(({ affects }) => affects.includes('latency')),
  };
}
