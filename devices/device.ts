/** The interface of a device: where a packed model runs and is timed. A new host is one folder, one line in index.ts and the contract test. */

import type { Variant } from '../compiler/root.ts';
import type { Roofline } from './roofline.ts';

/** What a device is given; it makes the code that runs the model (a WASM runtime, a C library) itself. */
export interface Deployment {
  /** The packed model. */
  readonly model: Uint8Array;
  /** Instruction set of a WASM runtime; default: the best that the host has. Boards choose by their core. */
  readonly variant?: Variant;
  /** Default 1; a WASM runtime only. */
  readonly threads?: number;
  /** `model` (default): a runtime with this model's kernels only, as it ships; `all`: the one that `npm run build` made, at hand at once. */
  readonly kernels?: 'model' | 'all';
}

/** What was deployed. Times are microseconds on the device's own clock; 0 where the device has none. */
export interface Deployed {
  /** Where there are several. */
  readonly threads?: number;
  /** Instruction set that runs: scalar, simd … */
  readonly variant: string;
  /** Download of model and runtime over whatever connects the device; not part of `loadUs`. Absent where nothing is fetched. */
  readonly fetchUs?: number;
  /** The WASM engine's compilation, a part of `loadUs`. */
  readonly compileUs?: number;
  /** From bytes in memory to a session that is ready to run. */
  readonly loadUs: number;
  /** The first inference. */
  readonly firstUs: number;
  /** Size of the code that runs the model: the WASM module as a package carries it, or .text on a board. */
  readonly codeBytes: number;
  /** The same as it travels: gzip -9. Absent where nothing is downloaded. */
  readonly codeGzipBytes?: number;
  /** What else the device knows of its memory: flashBytes, ramBytes, arenaHighWaterBytes … */
  readonly memory?: Readonly<Record<string, number>>;
}

export interface Clock {
  /** performance.now, DWT, SysTick … */
  readonly name: string;
  /** Smallest step that it makes, in microseconds. */
  readonly stepUs: number;
  readonly ticksPerSecond: number;
  /** `instructions`: an emulator's virtual time, one nanosecond per instruction; repeatable, and no measure of real time. */
  readonly counts: 'time' | 'instructions';
}

/** Time of one step of the packed model. */
export interface StepTime {
  readonly step: number;
  readonly us: number;
}

/** What may spoil a measurement, read before and after it; what a device cannot know is absent. */
export interface Conditions {
  /** The page is in the foreground. */
  readonly visible?: boolean;
  /** How often the page was hidden so far. */
  readonly hiddenCount?: number;
  /** The screen stays on meanwhile. */
  readonly wakeLock?: boolean;
  /** Seconds that all cores together have worked so far, for anybody. */
  readonly cpuBusySeconds?: number;
  readonly cpuCores?: number;
  /** Android's THERMAL_STATUS: 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown. */
  readonly thermalStatus?: number;
  readonly temperatureCelsius?: number;
  readonly batteryPercent?: number;
  readonly charging?: boolean;
  readonly powerSaving?: boolean;
}

export interface Device {
  /** As on the command line: node, chromium, qemu:mps2-an386. */
  readonly name: string;
  /** Facts for reports: engine, version, isolation, board. */
  readonly environment: Readonly<Record<string, string | number | boolean>>;
  deploy(deployment: Deployment): Promise<Deployed>;
  /**
   * Runs samples one after the other.
   * @param inputs per sample the bytes of all inputs, one after the other, in the packed ports' dtypes
   * @returns per sample the bytes of all outputs, one after the other
   */
  infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]>;
  clock(): Promise<Clock>;
  /** Elapsed microseconds of `runs` inferences in a row on the last input. */
  time(runs: number): Promise<number>;
  /** Mean time of every step over `runs` inferences on the last input. */
  profile?(runs: number): Promise<readonly StepTime[]>;
  /**
   * Several models at once: `deploy`, `infer`, `time` and `profile` mean the model in this slot from now on; 0 at the start.
   * Absent: one model at a time.
   */
  selectSlot?(slot: number): Promise<void>;
  /** What the engine could do with the variant that is deployed. */
  roofline?(): Promise<Roofline>;
  conditions?(): Promise<Conditions>;
  /** CRC-32 of every step's output for one input (as `infer` takes it): where two devices differ first. */
  stepCrcs?(input: Uint8Array): Promise<readonly number[]>;
  /** The bytes of one step's output for that input. */
  stepOutput?(input: Uint8Array, step: number): Promise<Uint8Array>;
  /** Tells the person at the device what came out. */
  show?(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface DeviceOptions {
  /** Called with what the user should know, e.g. which binary is used. */
  readonly log?: (message: string) => void;
  /** Called with what the user must do now, e.g. open an address on a phone. */
  readonly ask?: (message: string) => void;
  /** In a web page: run the model in a worker. Default: in the page itself. */
  readonly worker?: boolean;
  /** In a web page: cross-origin isolated where the origin is secure, so that the clock is fine. Default: true. */
  readonly isolated?: boolean;
  /** Called while something takes long. */
  readonly progress?: (label: string, done: number, total: number) => void;
  /** Boards: run a model that does not fit layer by layer, its operands sent over the line. */
  readonly stream?: boolean;
  /** Emulated boards: the model lies in the memory from the start; default: it is uploaded over the line. */
  readonly preload?: boolean;
  /** Serial ports: the board that must be there; default: whichever answers. */
  readonly board?: string;
  /** Boards: how long nobody may answer; default 10 s. */
  readonly silenceSeconds?: number;
}

/** A device that `whittle devices` lists. */
export interface FoundDevice {
  /** What to write behind --on. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly ready: boolean;
  /** What is missing, and what to do. */
  readonly note?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** A kind of device that can be opened by name: `node`, or `qemu:mps2-an386` with an argument behind the colon. */
export interface DeviceKind {
  readonly name: string;
  /** What may stand behind the colon, for help and errors: `BOARD`, `[SERIAL]`; absent: nothing. */
  readonly argument?: string;
  /** @throws UsageError when the argument is unknown; DeviceError when the device cannot be opened. */
  open(options: DeviceOptions, argument?: string): Promise<Device>;
  /** The devices of this kind that are here now. */
  list?(): Promise<readonly FoundDevice[]>;
}
