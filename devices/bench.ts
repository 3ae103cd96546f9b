/** Latency and size of one packed model on one device, as `whittle bench` reports them. */

import { UsageError } from '../compiler/errors.ts';
import { byteLength } from '../compiler/graph.ts';
import { readPackedModel } from '../compiler/packed/read.ts';
import type { Variant } from '../compiler/root.ts';
import type { Deployed, Device } from './device.ts';
import { type Measurement, type MeasureOptions, measure } from './measure.ts';
import { type Profile, profileModel } from './profile.ts';

/** One JSON document; microseconds and bytes are in the names. */
export interface BenchReport extends Measurement, Omit<Deployed, 'memory'> {
  readonly model: string;
  readonly device: string;
  readonly environment: Device['environment'];
  readonly modelBytes: number;
  readonly arenaBytes: number;
  /** Where asked for: a row per step, and the rates that the engine could reach. */
  readonly perLayer?: Profile['perLayer'];
  readonly roofline?: Profile['roofline'];
}

export interface BenchOptions extends MeasureOptions {
  readonly variant?: Variant;
  /** Time every step, too. */
  readonly profile?: boolean;
}

/** The input of a timing run: every value of int8 occurs, floats are finite; the kernels' time does not depend on data. */
function syntheticInput(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i % 4 === 3 ? 0 : (i * 97) & 0xff));
}

/** Deploys the model with a runtime of its own kernels only, and measures it. */
export async function benchModel(bytes: Uint8Array, device: Device, options: BenchOptions = {}): Promise<BenchReport> {
  const model = readPackedModel(bytes);
  const { variant } = options;
  if (options.profile && !device.profile) throw new UsageError(`--profile: ${device.name} cannot time single steps; leave it out`);
  const { memory, ...deployed } = await device.deploy({ model: bytes, ...(variant && { variant }) });
  const inputBytes = model.metadata.inputs.reduce((sum, port) => sum + byteLength(port), 0);
  await device.infer([syntheticInput(inputBytes)]);
  const measurement = await measure(device, options);
  const profile = options.profile ? await profileModel(model, device, measurement.minUs) : undefined;
  return {
    model: model.metadata.name,
    device: device.name,
    ...deployed,
    ...memory,
    ...measurement,
    modelBytes: bytes.length,
    arenaBytes: model.arenaBytes,
    ...profile,
    environment: device.environment,
  };
}
