/** Chooses how a board is flashed, and does it. */
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import { writeOutputFile } from '../../compiler/files.ts';
import type { Board, Flasher } from '../../targets/boards/board.ts';
import { openPort } from '../serial/port.ts';
import { listPorts } from '../serial/ports.ts';
import { wirings } from '../serial/wiring.ts';
import { checkProbeDrive, checkUf2Drive, copyToDrive, findProbeDrives, findUf2Drives } from './drives.ts';
import { bootloaderEntry } from './entry.ts';
import { flashEsp } from './esp.ts';
import type { FlashStep } from './flash-step.ts';
import { writeIntelHex } from './intel-hex.ts';
import { flashByTool, flasherOfTool, hasTool } from './probe.ts';
import { loadProgram, memoryFor, modelIn } from './program.ts';
import { byteCount, checkFits, hexAddress, type Segment } from './segments.ts';
import { flashStm32 } from './stm32.ts';
import { writeUf2 } from './uf2.ts';
import { uploadModel } from './upload.ts';

export interface FlashRequest extends FlashStep {
  /** A folder of `whittle build --target mcu`, a packed model, a program (.elf, .hex, .uf2, .bin), or a build folder. */
  readonly path: string;
  readonly board: Board;
  /** `auto`: the one that looks like the board. */
  readonly port?: string;
  readonly baud?: number;
  readonly drive?: string;
  /** Kind of flasher, or a tool of probe-tools.ts; default: the first that is possible here. */
  readonly via?: string;
  /** Write the file for the board's drive there, and flash nothing. */
  readonly output?: string;
  /** Of a raw .bin. */
  readonly address?: number;
  /** Whether the program is started afterwards. */
  readonly start: boolean;
  /** Whether an ESP runs Espressif's stub while it is flashed. */
  readonly stub: boolean;
  readonly log: (message: string) => void;
}

export interface FlashReport {
  readonly board: string;
  readonly path: string;
  /** Kind of flasher, `monitor` for a model that its firmware took, `file` where nothing was flashed. */
  readonly via: string;
  /** Port, drive, file or tool. */
  readonly to: string;
  readonly bytes: number;
  readonly segments: readonly { readonly address: string; readonly bytes: number }[];
  /** How it is known that the flash holds it. */
  readonly verified: 'read back' | 'checksum' | 'restarted' | 'file' | 'tool' | false;
  readonly started: boolean;
}

type Outcome = Pick<FlashReport, 'to' | 'verified' | 'started'>;

type FlasherOf<K extends Flasher['kind']> = Extract<Flasher, { kind: K }>;

/** @throws DeviceError unless exactly one port has the USB identity of the board. */
async function portOf({ board, port }: FlashRequest): Promise<string> {
  if (port !== 'auto') return port as string;
  const ports = (await listPorts()).filter(({ boards }) => boards.includes(board.name));
  if (ports.length === 1) return ports[0]?.path as string;
  throw new DeviceError(
    ports.length
      ? `--port auto: ${ports.map(({ path }) => path).join(', ')} may all be a ${board.name}; name one`
      : `--port auto: no port looks like a ${board.name}; whittle devices lists the ports, name one`,
  );
}

/** @throws DeviceError when there is none, or more than one. */
function theDrive(found: readonly string[], what: string, entry: string): string {
  if (found.length === 1) return found[0] as string;
  throw new DeviceError(
    found.length
      ? `${found.join(', ')} are all drives of ${what}; name one: --drive`
      : `no drive of ${what} is mounted; ${entry}; or name its folder (--drive), or write the file for it (-o FILE)`,
  );
}

/** What to do when the boot ROM does not answer: perhaps the monitor runs. */
function entryOrMonitor({ board, path }: FlashRequest, flasher: Flasher): string {
  const mayHaveMonitor = wirings[board.name] !== undefined && modelIn(path) !== undefined;
  return `${mayHaveMonitor ? 'if its firmware monitor is to take the model, add --via monitor; else ' : ''}${bootloaderEntry(board, flasher)}`;
}

async function overStm32Uart(request: FlashRequest, flasher: FlasherOf<'stm32-uart'>, segments: readonly Segment[]): Promise<Outcome> {
  const { board, baud } = request;
  const to = await portOf(request);
  const entry = entryOrMonitor(request, flasher);
  const wire = await openPort(to, { parity: 'even', ...(baud !== undefined && { baud }) });
  try {
    return { to, ...(await flashStm32(wire, board, flasher, segments, { ...request, entry })) };
  } finally {
    await wire.close();
  }
}

async function overEsp(request: FlashRequest, flasher: FlasherOf<'esp'>, segments: readonly Segment[]): Promise<Outcome> {
  const to = await portOf(request);
  const wire = await openPort(to);
  try {
    const entry = entryOrMonitor(request, flasher);
    return { to, ...(await flashEsp(wire, request.board, flasher.chip, segments, { ...request, entry })) };
  } finally {
    await wire.close();
  }
}

async function overUf2(request: FlashRequest, flasher: FlasherOf<'uf2'>, segments: readonly Segment[]): Promise<Outcome> {
  const { board } = request;
  const entry = bootloaderEntry(board, flasher);
  const drive = request.drive ?? theDrive(findUf2Drives(flasher.boardId), `a ${board.title} in its boot loader`, entry);
  checkUf2Drive(drive, flasher.boardId, board.name, entry);
  const verified = await copyToDrive(writeUf2(segments, flasher.familyId, flasher.sectorBytes), drive, { ...request, name: 'WHITTLE.UF2' });
  return { to: drive, verified, started: verified === 'restarted' };
}

async function overDrive(request: FlashRequest, flasher: FlasherOf<'drive'>, segments: readonly Segment[]): Promise<Outcome> {
  const { board } = request;
  const entry = bootloaderEntry(board, flasher);
  const drive = request.drive ?? theDrive(findProbeDrives(), 'debug probes', entry);
  checkProbeDrive(drive, entry);
  const content = new TextEncoder().encode(writeIntelHex(segments));
  const verified = await copyToDrive(content, drive, { ...request, name: 'WHITTLE.HEX', returns: true });
  return { to: drive, verified, started: verified === 'restarted' };
}

function overTool(request: FlashRequest, flasher: Flasher, segments: readonly Segment[]): Promise<Outcome> {
  const { board, via } = request;
  const tool = via === flasher.kind ? undefined : via;
  return flashByTool(board, flasher, segments, { ...request, tool, entry: bootloaderEntry(board, flasher) });
}

/** The file that the board's drive would take. */
function toFile(output: string, flasher: Flasher, segments: readonly Segment[]): Outcome {
  writeOutputFile(output, flasher.kind === 'uf2' ? writeUf2(segments, flasher.familyId, flasher.sectorBytes) : writeIntelHex(segments));
  return { to: output, verified: false, started: false };
}

const usesPort = ({ kind }: Flasher) => kind === 'stm32-uart' || kind === 'esp';
const usesDrive = ({ kind }: Flasher) => kind === 'uf2' || kind === 'drive';

/** Whether it could be used now, by what is plugged in and installed. */
function isPossible(flasher: Flasher): boolean {
  if (flasher.kind === 'uf2') return findUf2Drives(flasher.boardId).length > 0;
  if (flasher.kind === 'drive') return findProbeDrives().length > 0;
  return hasTool(flasher);
}

/**
 * @returns undefined: the monitor on the board takes the model
 * @throws UsageError for a way that this board does not have.
 */
function chooseFlasher({ board, port, drive, via, output, path }: FlashRequest): Flasher | undefined {
  const { flashers, name } = board;
  const kinds = flashers.map(({ kind }) => kind).join(', ') || 'nothing (it exists in emulation: whittle bench --on qemu:NAME)';
  const first = (isIt: (flasher: Flasher) => boolean, otherwise: string): Flasher => {
    const found = flashers.find(isIt);
    if (!found) throw new UsageError(`${name}: ${otherwise}; it is flashed by ${kinds}`);
    return found;
  };
  if (via === 'monitor') return undefined;
  const served = via === undefined ? undefined : flasherOfTool(board, via);
  if (served) return served;
  if (via !== undefined) return first(({ kind }) => kind === via, `--via ${via} is no way to flash it`);
  if (output !== undefined) return first(usesDrive, '-o writes the file for a drive, and it has none');
  if (drive !== undefined) return first(usesDrive, '--drive: it has no drive');
  if (port !== undefined) {
    if (!flashers.some(usesPort) && wirings[name] && modelIn(path)) return undefined;
    return first(usesPort, '--port: no boot loader of it listens on a serial port');
  }
  const possible = flashers.find(isPossible);
  if (possible) return possible;
  if (!flashers.length)
    throw new UsageError(`${name}: it is flashed by ${kinds}; a board with the firmware monitor takes models: --port PORT`);
  const ways = flashers.map(
    (flasher) => `  ${flasher.kind}: ${bootloaderEntry(board, flasher)}${usesPort(flasher) ? '; then --port PORT' : ''}`,
  );
  throw new DeviceError(`${name}: nothing to flash it by was found here; one of these is needed:\n${ways.join('\n')}`);
}

function carryOut(request: FlashRequest, flasher: Flasher, segments: readonly Segment[]): Promise<Outcome> | Outcome {
  if (request.output !== undefined) return toFile(request.output, flasher, segments);
  switch (flasher.kind) {
    case 'stm32-uart':
      return overStm32Uart(request, flasher, segments);
    case 'esp':
      return overEsp(request, flasher, segments);
    case 'uf2':
      return overUf2(request, flasher, segments);
    case 'drive':
      return overDrive(request, flasher, segments);
    case 'probe':
    case 'dfu':
      return overTool(request, flasher, segments);
  }
}

/**
 * @throws UsageError, BudgetError, InputFileError before anything is touched; DeviceError; WhittleError with exit code 130 and
 * what the board holds, after Ctrl-C.
 */
export async function flash(request: FlashRequest): Promise<FlashReport> {
  const { board, path, address, output } = request;
  const flasher = chooseFlasher(request);
  if (!flasher) return uploadModel(request, await portOf(request));
  if (usesPort(flasher) && request.port === undefined)
    throw new UsageError(`${board.name}: --via ${flasher.kind} needs --port PORT (or auto)`);
  const segments = await loadProgram(path, board, flasher, address);
  checkFits(segments, memoryFor(board, flasher), board.name);
  const outcome = await carryOut(request, flasher, segments);
  return {
    board: board.name,
    path,
    via: output === undefined ? flasher.kind : 'file',
    ...outcome,
    bytes: byteCount(segments),
    segments: segments.map((segment) => ({ address: hexAddress(segment.address), bytes: segment.content.length })),
  };
}
