/** What a page or a worker does for the device that drives it. Pure ES. */
import type { Variant } from '../../compiler/root.ts';
import { decodeBase64, fetchFile } from '../../targets/loader/source.ts';
import { checkThreads, helperStarter } from '../../targets/loader/threads.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import type { Clock, Deployed, StepTime } from '../device.ts';
import { measureRoofline, type Roofline } from '../roofline.ts';
import { type DeployTimes, performanceClock, Runner } from '../runner.ts';

/** What the place where the model runs tells of itself. */
export interface HostFacts {
  readonly userAgent: string;
  readonly hardwareConcurrency: number;
  readonly thread: 'page' | 'worker';
  /** Then the clock is fine and there may be threads. */
  readonly crossOriginIsolated: boolean;
  readonly secureContext: boolean;
  readonly wasm: boolean;
  /** The best build of the runtime for this engine, where the model's weights fit it (bestVariant()); absent without WASM. */
  readonly variant?: Variant;
  /** Where they do not. */
  readonly variantOfOthers?: Variant;
}

export type WebDeployTimes = DeployTimes & Pick<Deployed, 'fetchUs'>;

/** Several threads, and the address of the script that they run. */
export interface PageThreads {
  readonly threads: number;
  readonly script: string;
}

export interface HostMethods {
  facts(): HostFacts;
  /** Takes a part of a file where the page cannot fetch it; its address is `received:NAME`. */
  receive(name: string, base64: string, more: boolean): void;
  /** Fetches and starts a model; addresses are relative to the page's origin. */
  deploy(model: string, runtime: string, threads?: PageThreads): Promise<WebDeployTimes>;
  /** Base64 in, base64 out. */
  infer(inputs: readonly string[]): string[];
  /** Of several models the one that `deploy`, `infer`, `time` and `profile` mean from now on. */
  selectSlot(slot: number): void;
  clock(): Clock;
  time(runs: number): number;
  profile(runs: number): StepTime[];
  /** @param wasm address of the roofline's module */
  roofline(wasm: string): Promise<Roofline>;
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** What `receive` took. */
const received = new Map<string, Uint8Array>();

async function bytes(path: string): Promise<Uint8Array> {
  if (path.startsWith('received:')) return received.get(path.slice('received:'.length)) as Uint8Array;
  return new Uint8Array(await (await fetchFile(new URL(path, location.origin))).arrayBuffer());
}

export function createHost(): HostMethods {
  const deployed = new Map<number, Runner>();
  let slot = 0;
  const runner = () => {
    const selected = deployed.get(slot);
    if (!selected) throw new Error('no model is deployed; the page was reloaded');
    return selected;
  };
  return {
    facts: () => ({
      userAgent: navigator.userAgent,
      hardwareConcurrency: navigator.hardwareConcurrency,
      thread: typeof document === 'undefined' ? 'worker' : 'page',
      crossOriginIsolated: globalThis.crossOriginIsolated === true,
      secureContext: globalThis.isSecureContext === true,
      wasm: typeof WebAssembly === 'object',
      ...(typeof WebAssembly === 'object' && { variant: bestVariant(true), variantOfOthers: bestVariant(false) }),
    }),
    receive(name, base64, more) {
      const before = more ? (received.get(name) as Uint8Array) : new Uint8Array();
      const part = decodeBase64(base64);
      const whole = new Uint8Array(before.length + part.length);
      whole.set(before);
      whole.set(part, before.length);
      received.set(name, whole);
    },
    async deploy(model, runtime, pageThreads) {
      checkThreads(pageThreads?.threads ?? 1);
      const start = performance.now();
      const [modelBytes, runtimeBytes] = await Promise.all([bytes(model), bytes(runtime)]);
      const fetchUs = (performance.now() - start) * 1000;
      const threads = pageThreads && {
        threads: pageThreads.threads,
        start: helperStarter(() => new Worker(new URL(pageThreads.script, location.origin), { type: 'module' })),
      };
      const { runner: created, times } = await Runner.create(modelBytes, runtimeBytes, threads);
      deployed.get(slot)?.close();
      deployed.set(slot, created);
      return { fetchUs, ...times };
    },
    infer: (inputs) => inputs.map((input) => encodeBase64(runner().infer(decodeBase64(input)))),
    selectSlot: (chosen) => void (slot = chosen),
    clock: performanceClock,
    time: (runs) => runner().time(runs),
    profile: (runs) => runner().profile(runs),
    roofline: async (wasm) => measureRoofline(await bytes(wasm), performanceClock().stepUs),
  };
}
