/** Programs that devices start: found on this machine, and ended with everything they started, however whittle itself ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { DeviceError } from '../compiler/errors.ts';

export interface Program {
  /** For messages: Firefox, adb. */
  readonly title: string;
  /** Names on the PATH, or absolute paths, best first. */
  readonly names: readonly string[];
  /** Environment variable that names the program, instead. */
  readonly variable: string;
  /** What to type to get it. */
  readonly fix: string;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the program lies; undefined when it is not on this machine. */
export function findProgram({ names, variable }: Program): string | undefined {
  const chosen = process.env[variable];
  if (chosen) return isExecutable(chosen) ? chosen : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name)))).find(isExecutable);
}

/** @throws DeviceError with the line that installs it. */
export function requireProgram(program: Program): string {
  const path = findProgram(program);
  if (path) return path;
  const chosen = process.env[program.variable];
  throw new DeviceError(
    chosen
      ? `${program.variable}=${chosen} is no program; correct it, or unset it to search the PATH`
      : `no ${program.title} found; install it (${program.fix}) or set ${program.variable} to its path`,
  );
}

/**
 * Runs "$@" in a process group of its own. Its end of whittle's pipe closes when whittle ends, be it by SIGKILL: then the
 * whole group ends, and the folder ($0) goes.
 */
const WATCHDOG = `exec 9<&0
"$@" 9<&- </dev/null & child=$!
{ cat <&9; trap '' TERM; kill -TERM 0; sleep 1; rm -rf "$0"; kill -KILL 0; } >/dev/null 2>&1 3>&- 4>&- &
wait $child`;

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Two more pipes, as descriptors 3 (to the child) and 4 (from it). */
  readonly pipes?: boolean;
}

/** A running program with a temporary folder of its own. */
export class Child {
  /** Resolves with how it ended: `exit code 1`, `SIGSEGV`, `cannot be started (…)`. */
  readonly ended: Promise<string>;

  private constructor(
    readonly process: ChildProcess,
    private readonly folder: string,
  ) {
    this.ended = new Promise((resolve) => {
      process.once('error', ({ message }) => resolve(`cannot be started (${message})`));
      process.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  /** @param command program and arguments, made of the temporary folder */
  static start(command: (folder: string) => readonly string[], { env, pipes }: ChildOptions = {}): Child {
    const folder = mkdtempSync(join(tmpdir(), 'whittle-device-'));
    const child = spawn('/bin/sh', ['-c', WATCHDOG, folder, ...command(folder)], {
      stdio: ['pipe', 'pipe', 'pipe', ...(pipes ? ['pipe' as const, 'pipe' as const] : [])],
      detached: true,
      env: { ...process.env, ...env },
    });
    // A full pipe would stop the child; who wants its words listens as well.
    child.stdout?.resume();
    child.stderr?.resume();
    return new Child(child, folder);
  }

  /**
   * Waits until the child prints a line that matches.
   * @throws DeviceError when it ends first, or does not print it in time.
   */
  async waitForOutput(pattern: RegExp, title: string, seconds = 60): Promise<RegExpExecArray> {
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const found = new Promise<RegExpExecArray>((resolve) => {
      const listen = (chunk: Buffer) => {
        text += chunk;
        const match = pattern.exec(text);
        if (match) resolve(match);
      };
      this.process.stdout?.on('data', listen);
      this.process.stderr?.on('data', listen);
    });
    const said = () => (text.trim() ? `; it said: ${text.trim().slice(-500)}` : '');
    const failed = new Promise<never>((_, reject) => {
      void this.ended.then((how) => reject(new DeviceError(`${title} ended before it was ready (${how})${said()}`, 7)));
      timer = setTimeout(() => reject(new DeviceError(`${title} was not ready within ${seconds} s${said()}`, 7)), seconds * 1000);
    });
    try {
      return await Promise.race([found, failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the whole group at once and removes the folder. */
  async kill(): Promise<void> {
    if (this.process.pid !== undefined) {
      try {
        process.kill(-this.process.pid, 'SIGKILL');
      } catch {
        // All of them have ended.
      }
    }
    await this.ended;
    this.process.stdin?.destroy();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
