/** Where contestants sit: every one has a seat (a page, a process) of its own, and one at a time runs. */
import type { ContestantSpec, InputSpec, StartTimes } from './contestant.ts';

export interface Started extends StartTimes {
  readonly output: readonly number[];
}

/** Elapsed and CPU microseconds of a turn. */
export interface Turn {
  readonly us: number;
  readonly cpuUs: number;
}

export interface Seat {
  start(spec: ContestantSpec, input: InputSpec): Promise<Started>;
  time(runs: number): Promise<Turn>;
  close(): Promise<void>;
}

export interface Host {
  readonly name: 'chromium' | 'node';
  readonly engine: string;
  /** Contestants that cannot run here, with the reason. */
  readonly excluded?: Readonly<Partial<Record<ContestantSpec['runtime'], string>>>;
  open(): Promise<Seat>;
  close(): Promise<void>;
}
