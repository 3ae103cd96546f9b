/** The interface of a device: where a packed model runs and is timed. A new host is one folder, one line in index.ts and the contract test. */

/** What a device needs to run a model. */
export interface Deployment {
  /** The packed model. */
  readonly model: Uint8Array;
  /** The runtime's WASM module. */
  readonly runtime: Uint8Array;
}

/** Microseconds, on the device's own clock. */
export interface DeployTimes {
  /** From bytes in memory to a session that is ready to run. */
  readonly loadUs: number;
  /** The first inference. */
  readonly firstUs: number;
}

export interface Device {
  /** As on the command line: node, chromium. */
  readonly name: string;
  /** Facts for reports: engine, version, isolation. */
  readonly environment: Readonly<Record<string, string | number | boolean>>;
  deploy(deployment: Deployment): Promise<DeployTimes>;
  /**
   * Runs samples one after the other.
   * @param inputs per sample the bytes of all inputs, one after the other, in the packed ports' dtypes
   * @returns per sample the bytes of all outputs, one after the other
   */
  infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Smallest step of the device's clock in microseconds. */
  clockStepUs(): Promise<number>;
  /** Elapsed microseconds of `runs` inferences in a row on the last input. */
  time(runs: number): Promise<number>;
  close(): Promise<void>;
}

export interface DeviceOptions {
  /** Called with what the user should know, e.g. which binary is used. */
  readonly log?: (message: string) => void;
}

/** A kind of device that can be opened by name. */
export interface DeviceKind {
  readonly name: string;
  open(options: DeviceOptions): Promise<Device>;
}
