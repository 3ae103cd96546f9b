/** Flashes through other people's tools (probe-tools.ts): finds one, runs its steps, compares what it reads back, quotes its failure. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import type { Board, Flasher } from '../../targets/boards/board.ts';
import { findProgram, requireProgram } from '../child-process.ts';
import { type FlashStep, stopIfAsked } from './flash-step.ts';
import { writeIntelHex } from './intel-hex.ts';
import { type Job, type Step, type Tool, tools } from './probe-tools.ts';
import { firstDifference, hexAddress, type Segment } from './segments.ts';

/** Lines of a tool's words that an error quotes. */
const QUOTED_LINES = 12;

const STATE = 'the flash may be half written; the probe reaches the board all the same, run this again';

/** Tools that can flash the board this way. */
function toolsFor(flasher: Flasher): Tool[] {
  return tools.filter(({ steps }) => steps(flasher, { hex: '', segments: [], start: true }));
}

/** Whether one of them is on this machine. */
export function hasTool(flasher: Flasher): boolean {
  return toolsFor(flasher).some(({ program }) => findProgram(program));
}

/** The flasher of the board that the tool serves; undefined: `name` is no tool. @throws UsageError when it serves none. */
export function flasherOfTool({ name: board, flashers }: Board, name: string): Flasher | undefined {
  const tool = tools.find((candidate) => candidate.name === name);
  if (!tool) return undefined;
  const flasher = flashers.find((candidate) => toolsFor(candidate).includes(tool));
  if (flasher) return flasher;
  const known = tools.filter((candidate) => flashers.some((any) => toolsFor(any).includes(candidate))).map((candidate) => candidate.name);
  throw new UsageError(`--via ${name}: it is not known how it flashes a ${board}; known are ${known.join(', ') || 'none'}`);
}

/** @throws DeviceError with the lines that install one. */
function chooseTool(flasher: Flasher, name: string | undefined): Tool {
  const candidates = toolsFor(flasher).filter((tool) => name === undefined || tool.name === name);
  const found = candidates.find(({ program }) => findProgram(program));
  if (found) return found;
  const [only, ...others] = candidates as [Tool, ...Tool[]];
  if (!others.length) requireProgram(only.program);
  const lines = candidates.map(({ name: title, program }) => `  ${title}: ${program.fix}`);
  throw new DeviceError(`no tool for this is on the PATH; install one of them:\n${lines.join('\n')}`);
}

interface Ended {
  readonly how: string;
  readonly failed: boolean;
  readonly said: string;
}

function run(path: string, args: readonly string[], { log, signal }: ProbeOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk;
      log(chunk.toString().trimEnd());
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    // A terminal tells both of them; a single process is told by nobody else.
    const stop = () => child.kill('SIGINT');
    signal?.addEventListener('abort', stop, { once: true });
    child.once('error', ({ message }) => resolve({ how: `cannot be started (${message})`, failed: true, said }));
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', stop);
      resolve({ how: killedBy ?? `exit code ${code}`, failed: code !== 0, said });
    });
  });
}

function quote(said: string): string {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim());
  return lines.length ? `; it said:\n${lines.slice(-QUOTED_LINES).join('\n')}` : '';
}

/** The line that lets everybody use the probe, where the tool complains about that. */
function permissionHint(said: string, { usb = [] }: Board, flasher: Flasher): string {
  if (process.platform !== 'linux' || !/LIBUSB_ERROR_ACCESS|permission|access denied|insufficient rights/i.test(said)) return '';
  const vendorId = flasher.kind === 'dfu' ? flasher.usb.vendorId : usb.find(({ of }) => of === 'probe')?.vendorId;
  if (vendorId === undefined) return '';
  const rule = `SUBSYSTEM=="usb", ATTR{idVendor}=="${vendorId.toString(16).padStart(4, '0')}", MODE="0666"`;
  return `\nyou may not use the probe; type: echo '${rule}' | sudo tee /etc/udev/rules.d/70-whittle-probe.rules && sudo udevadm control --reload && sudo udevadm trigger`;
}

export interface ProbeOptions extends FlashStep {
  readonly entry: string;
  readonly log: (message: string) => void;
  readonly start: boolean;
  /** Name of the tool; default: the first that is on this machine. */
  readonly tool?: string | undefined;
}

function writeJob(folder: string, segments: readonly Segment[], start: boolean): Job {
  const hex = join(folder, 'program.hex');
  writeFileSync(hex, writeIntelHex(segments));
  const files = segments.map(({ address, content }, i) => {
    const bin = join(folder, `segment-${i}.bin`);
    writeFileSync(bin, content);
    return { address, bytes: content.length, bin, readBack: join(folder, `read-back-${i}.bin`) };
  });
  return { hex, segments: files, start };
}

/** @throws DeviceError for bytes that differ, with their address. */
function compare({ readsBack }: Step, segments: readonly Segment[], title: string): void {
  if (!readsBack) return;
  const { content } = segments.find(({ address }) => address === readsBack.address) as Segment;
  let held: Uint8Array;
  try {
    held = readFileSync(readsBack.readBack);
  } catch {
    throw new DeviceError(
      `${title}: read back nothing at ${hexAddress(readsBack.address)}, so that it is not known what the flash holds; run this again`,
      7,
    );
  }
  const at = firstDifference(content, held);
  if (at !== undefined)
    throw new DeviceError(
      `${title}: verification failed at ${hexAddress(readsBack.address + at)}: expected ${content[at]}, the flash holds ${held[at] ?? 'nothing'}; run this again`,
      7,
    );
}

/** @throws DeviceError without a tool, with a tool's words when it fails, and for bytes that differ. */
export async function flashByTool(board: Board, flasher: Flasher, segments: readonly Segment[], options: ProbeOptions) {
  const { tool: name, start, progress, entry } = options;
  const tool = chooseTool(flasher, name);
  const path = requireProgram(tool.program);
  const folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
  try {
    const steps = tool.steps(flasher, writeJob(folder, segments, start)) as readonly Step[];
    for (const [i, step] of steps.entries()) {
      progress(step.readsBack ? 'verifying' : 'flashing', i, steps.length);
      const { how, failed, said } = await run(path, step.arguments, options);
      stopIfAsked(options, STATE);
      if (failed) {
        const remedy = permissionHint(said, board, flasher) || `\n${entry}, and see that no other program uses it; then run this again`;
        throw new DeviceError(`${tool.name} failed (${how})${quote(said)}${remedy}`, 7);
      }
      compare(step, segments, tool.name);
    }
    return { to: tool.name, verified: tool.verifies ? ('tool' as const) : ('read back' as const), started: start };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
