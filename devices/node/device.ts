/** Device node: this process. */
import type { Device, DeviceKind } from '../device.ts';
import { clockStepUs, Runner } from '../runner.ts';

class NodeDevice implements Device {
  readonly name = 'node';
  readonly environment = { engine: `V8 ${process.versions.v8}`, version: process.version, platform: `${process.platform} ${process.arch}` };
  private runner: Runner | undefined;

  async deploy({ model, runtime }: { model: Uint8Array; runtime: Uint8Array }) {
    const { runner, times } = await Runner.create(model, runtime);
    this.runner = runner;
    return times;
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return inputs.map((input) => this.deployed().infer(input));
  }

  async clockStepUs(): Promise<number> {
    return clockStepUs();
  }

  async time(runs: number): Promise<number> {
    return this.deployed().time(runs);
  }

  async close(): Promise<void> {
    this.runner = undefined;
  }

  private deployed(): Runner {
    if (!this.runner) throw new Error('deploy a model first');
    return this.runner;
  }
}

export const node: DeviceKind = { name: 'node', open: async () => new NodeDevice() };
