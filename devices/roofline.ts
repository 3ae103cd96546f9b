/** What the engine could do: the loops of runtime-as/roofline.ts, timed. Pure ES: runs inside Node and inside the page that drives a browser. */
import { relaxedEngine } from '../compiler/relaxed-engine.ts';

/** Multiply-accumulates per second of the variant's inner operations on operands in the first-level cache. */
export interface Roofline {
  /** int8 matrix products and convolutions. */
  readonly dot: number;
  /** int8 depthwise convolutions, 3x3, each output requantized. */
  readonly depthwise: number;
  readonly float32: number;
}

type Loop = (argument: number) => number;

/** Per loop; engines need some of it to compile the loop well. */
const CALIBRATION_MS = 50;
const SAMPLE_MS = 0.5;
const MIN_SAMPLES = 5;

/** Rates are those of the best sample: other load on the machine disturbs it least. */
function macsPerSecond(loop: Loop, macsPerRound: number, clockStepMs: number): number {
  const sampleMs = Math.max(SAMPLE_MS, 20 * clockStepMs);
  let best = 0;
  let rounds = 100;
  let samples = 0;
  for (const start = performance.now(); samples < MIN_SAMPLES || performance.now() - start < CALIBRATION_MS; ) {
    const before = performance.now();
    loop(rounds);
    const elapsed = performance.now() - before;
    if (elapsed < sampleMs) {
      rounds *= 2;
      continue;
    }
    best = Math.max(best, (rounds * macsPerRound) / (elapsed / 1000));
    samples++;
  }
  return best;
}

/** @param wasm runtime-as/roofline.ts, built for the variant in question */
export async function measureRoofline(wasm: Uint8Array, clockStepUs: number): Promise<Roofline> {
  const { instance } = await WebAssembly.instantiate(wasm as BufferSource);
  const exports = instance.exports as unknown as Record<string, Loop>;
  (exports.chooseForm as Loop)(relaxedEngine());
  const rate = (name: keyof Roofline) => {
    const macs = (exports[`${name}MacsPerRound`] as () => number)();
    return macsPerSecond(exports[name] as Loop, macs, clockStepUs / 1000);
  };
  return { dot: rate('dot'), depthwise: rate('depthwise'), float32: rate('float32') };
}
