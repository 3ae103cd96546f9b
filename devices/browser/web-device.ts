/** A device whose model runs in a web page: everything but how the page is reached. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../../compiler/errors.ts';
import { packageRoot, type Variant } from '../../compiler/root.ts';
import { buildRoofline } from '../../targets/build-runtime.ts';
import type { Clock, Conditions, Deployed, Deployment, Device, DeviceOptions, StepTime } from '../device.ts';
import type { Roofline } from '../roofline.ts';
import { webRuntime } from '../web-runtime.ts';
import type { HostFacts, WebDeployTimes } from './host.ts';
import type { WebHost } from './web-host.ts';

/** Messages of at most this many input bytes: a few megabytes of base64 per round trip. */
const BATCH_BYTES = 4 << 20;

export class WebDevice implements Device {
  private variant: Variant = 'simd';

  private constructor(
    private readonly host: WebHost,
    private readonly facts: HostFacts,
    readonly environment: Device['environment'],
  ) {}

  static async open(host: WebHost, { worker = false }: DeviceOptions = {}): Promise<WebDevice> {
    await host.call('thread', worker ? 'worker' : 'page');
    const facts = (await host.call('facts')) as HostFacts;
    if (!facts.wasm) throw new DeviceError(`${host.name}: no WebAssembly in this browser (Lockdown mode?); allow it there`);
    return new WebDevice(host, facts, { ...host.facts, ...facts });
  }

  get name(): string {
    return this.host.name;
  }

  async deploy(deployment: Deployment): Promise<Deployed> {
    const { variant = 'scalar', variantOfOthers = 'scalar' } = this.facts;
    const { wasm, facts } = await webRuntime(deployment, this.host.name, { fitting: variant, other: variantOfOthers });
    this.variant = facts.variant;
    const model = await this.host.serve('model.whittle', deployment.model);
    const runtime = await this.host.serve('runtime.wasm', wasm);
    const { threads } = facts;
    const script = readFileSync(join(packageRoot, 'dist', 'thread.js'));
    const several = threads === undefined ? [] : [{ threads, script: await this.host.serve('thread.js', script) }];
    return { ...facts, ...((await this.host.call('deploy', model, runtime, ...several)) as WebDeployTimes) };
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const outputs: Uint8Array[] = [];
    const perMessage = Math.max(1, Math.floor(BATCH_BYTES / (inputs[0]?.length || 1)));
    for (let from = 0; from < inputs.length; from += perMessage) {
      const batch = inputs.slice(from, from + perMessage).map((input) => Buffer.from(input).toString('base64'));
      const replies = (await this.host.call('infer', batch)) as string[];
      outputs.push(...replies.map((reply) => new Uint8Array(Buffer.from(reply, 'base64'))));
    }
    return outputs;
  }

  async selectSlot(slot: number): Promise<void> {
    await this.host.call('selectSlot', slot);
  }

  async clock(): Promise<Clock> {
    return (await this.host.call('clock')) as Clock;
  }

  async time(runs: number): Promise<number> {
    return (await this.host.call('time', runs)) as number;
  }

  async profile(runs: number): Promise<readonly StepTime[]> {
    return (await this.host.call('profile', runs)) as StepTime[];
  }

  async roofline(): Promise<Roofline> {
    const address = await this.host.serve('roofline.wasm', await buildRoofline(this.variant));
    return (await this.host.call('roofline', address)) as Roofline;
  }

  async conditions(): Promise<Conditions> {
    return { ...(await this.host.conditions?.()), ...((await this.host.call('conditions')) as Conditions) };
  }

  async show(text: string): Promise<void> {
    await this.host.call('show', text);
  }

  close(): Promise<void> {
    return this.host.close();
  }
}
