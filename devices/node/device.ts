/** Device node: this process. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot, type Variant } from '../../compiler/root.ts';
import { buildRoofline } from '../../targets/build-runtime.ts';
import { helperStarter } from '../../targets/loader/threads.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import type { Clock, Conditions, Deployed, Deployment, Device, DeviceKind, StepTime } from '../device.ts';
import { machineConditions, machineFacts } from '../machine.ts';
import { measureRoofline, type Roofline } from '../roofline.ts';
import { performanceClock, Runner } from '../runner.ts';
import { webRuntime } from '../web-runtime.ts';

const threadScript = join(packageRoot, 'dist', 'thread-node.js');

class NodeDevice implements Device {
  readonly name = 'node';
  readonly environment = { engine: `V8 ${process.versions.v8}`, version: process.version, ...machineFacts() };
  private readonly runners = new Map<number, Runner>();
  private slot = 0;
  private variant: Variant = 'simd';

  async deploy(deployment: Deployment): Promise<Deployed> {
    const variants = { fitting: bestVariant(true), other: bestVariant(false) };
    const { wasm, facts } = await webRuntime(deployment, `Node ${process.version} (V8 ${process.versions.v8})`, variants);
    const threads = facts.threads && { threads: facts.threads, start: helperStarter(() => new Worker(threadScript)) };
    const { runner, times } = await Runner.create(deployment.model, wasm, threads || undefined);
    this.runners.get(this.slot)?.close();
    this.runners.set(this.slot, runner);
    this.variant = facts.variant;
    return { ...facts, ...times };
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return inputs.map((input) => this.deployed().infer(input));
  }

  async clock(): Promise<Clock> {
    return performanceClock();
  }

  async time(runs: number): Promise<number> {
    return this.deployed().time(runs);
  }

  async profile(runs: number): Promise<readonly StepTime[]> {
    return this.deployed().profile(runs);
  }

  async selectSlot(slot: number): Promise<void> {
    this.slot = slot;
  }

  async roofline(): Promise<Roofline> {
    return measureRoofline(await buildRoofline(this.variant), performanceClock().stepUs);
  }

  async conditions(): Promise<Conditions> {
    return machineConditions();
  }

  async close(): Promise<void> {
    for (const runner of this.runners.values()) runner.close();
    this.runners.clear();
  }

  private deployed(): Runner {
    const runner = this.runners.get(this.slot);
    if (!runner) throw new Error('deploy a model first');
    return runner;
  }
}

export const node: DeviceKind = {
  name: 'node',
  open: async () => new NodeDevice(),
  list: async () => [{ name: 'node', title: `this process (Node ${process.version})`, ready: true }],
};
