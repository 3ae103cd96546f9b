/** This very worker as a device: the packed model on the runtime with every kernel. */

import { readPackedModel } from '../../compiler/packed/read.ts';
import { fitsRelaxed } from '../../targets/kernel-needs.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import type { Clock, Deployed, Deployment, Device, StepTime } from '../device.ts';
import { performanceClock, Runner } from '../runner.ts';
import { runtimeBytes } from './root.ts';

export class LocalDevice implements Device {
  readonly name = 'this browser';
  readonly environment = { userAgent: navigator.userAgent, crossOriginIsolated: globalThis.crossOriginIsolated };
  private runner: Runner | undefined;

  async deploy({ model, variant = bestVariant(fitsRelaxed(readPackedModel(model))) }: Deployment): Promise<Deployed> {
    const wasm = await runtimeBytes(variant);
    const { runner, times } = await Runner.create(model, wasm);
    this.runner = runner;
    return { variant, codeBytes: wasm.length, ...times };
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return inputs.map((input) => (this.runner as Runner).infer(input));
  }

  async clock(): Promise<Clock> {
    return performanceClock();
  }

  async time(runs: number): Promise<number> {
    return (this.runner as Runner).time(runs);
  }

  async profile(runs: number): Promise<readonly StepTime[]> {
    return (this.runner as Runner).profile(runs);
  }

  async close(): Promise<void> {
    this.runner = undefined;
  }
}
