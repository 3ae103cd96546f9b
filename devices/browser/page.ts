/** Runs inside the browser; bundled to dist/page.js. The device calls these functions over the DevTools protocol. */
import type { Clock, StepTime } from '../device.ts';
import { type DeployTimes, performanceClock, Runner } from '../runner.ts';

let runner: Runner;

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

async function bytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(path)).arrayBuffer());
}

export interface WhittlePage {
  deploy(): Promise<DeployTimes>;
  /** Base64 in, base64 out. */
  infer(inputs: readonly string[]): string[];
  clock(): Clock;
  time(runs: number): number;
  profile(runs: number): StepTime[];
  environment(): Record<string, string | number | boolean>;
}

const page: WhittlePage = {
  async deploy() {
    const deployed = await Runner.create(await bytes('/model.whittle'), await bytes('/runtime.wasm'));
    runner = deployed.runner;
    return deployed.times;
  },
  infer: (inputs) => inputs.map((input) => toBase64(runner.infer(fromBase64(input)))),
  clock: performanceClock,
  time: (runs) => runner.time(runs),
  profile: (runs) => runner.profile(runs),
  environment: () => ({
    userAgent: navigator.userAgent,
    hardwareConcurrency: navigator.hardwareConcurrency,
    crossOriginIsolated: globalThis.crossOriginIsolated,
    visible: document.visibilityState === 'visible',
  }),
};

(globalThis as unknown as { whittle: WhittlePage }).whittle = page;
