/** Drives of boot loaders and debug probes: found among what is mounted, written, and watched until the board has taken the file. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../../compiler/errors.ts';
import { type FlashStep, stopIfAsked } from './flash-step.ts';

/** File that a boot loader for UF2 has on its drive. */
const UF2_INFORMATION = 'INFO_UF2.TXT';
/** Files of debug probes: DAPLink and ST-LINK, and older ones of Arm's mbed. */
const PROBE_INFORMATION = ['DETAILS.TXT', 'MBED.HTM'];
/** What DAPLink writes when it could not flash. */
const FAILURE = 'FAIL.TXT';

const PIECE_BYTES = 16 * 1024;

function list(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Folders on which something is mounted. */
function mounted(): string[] {
  if (process.platform === 'darwin') return list('/Volumes');
  if (process.platform === 'win32')
    return [...'DEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `${letter}:\\`).filter((path) => existsSync(path));
  try {
    // Spaces and the like stand as \040 in it.
    const octal = (path: string) => path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const lines = readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
    return lines.filter((line) => line.split(' ')[2] === 'vfat').map((line) => octal(line.split(' ')[1] as string));
  } catch {
    return [];
  }
}

/** What the drive says of itself; undefined: it is no drive of a boot loader. */
export function uf2BoardId(folder: string): string | undefined {
  try {
    return /^Board-ID:\s*(.*?)\s*$/m.exec(readFileSync(join(folder, UF2_INFORMATION), 'utf8'))?.[1] ?? '';
  } catch {
    return undefined;
  }
}

function isProbeDrive(folder: string): boolean {
  return PROBE_INFORMATION.some((name) => existsSync(join(folder, name)));
}

/** Mounted drives of boot loaders whose board says that it is of this kind. */
export function findUf2Drives(boardId: string, folders = mounted()): string[] {
  return folders.filter((folder) => uf2BoardId(folder)?.startsWith(boardId));
}

/** Mounted drives of debug probes. */
export function findProbeDrives(folders = mounted()): string[] {
  return folders.filter(isProbeDrive);
}

/** @throws DeviceError when the folder is not the drive of a boot loader for this kind of board. */
export function checkUf2Drive(folder: string, boardId: string, board: string, entry: string): void {
  const found = uf2BoardId(folder);
  if (found === undefined) throw new DeviceError(`${folder}: is no drive of a UF2 boot loader (it has no ${UF2_INFORMATION}); ${entry}`);
  if (!found.startsWith(boardId))
    throw new DeviceError(
      `${folder}: is the drive of a ${found}, ${board} would say ${boardId}…; nothing was written; choose the --board that it is`,
    );
}

/** @throws DeviceError when the folder is not the drive of a debug probe. */
export function checkProbeDrive(folder: string, entry: string): void {
  if (!isProbeDrive(folder))
    throw new DeviceError(`${folder}: is no drive of a debug probe (it has no ${PROBE_INFORMATION.join(', ')}); ${entry}`);
}

export interface DriveOptions extends FlashStep {
  /** Name of the file on the drive. */
  readonly name: string;
  /** How long the board may take until it restarts. */
  readonly restartMs?: number;
  /** Whether the drive comes back, with FAIL.TXT where something failed. */
  readonly returns?: boolean;
}

/** Writes in pieces, so that Ctrl-C is heard; what the drive refuses is an error with its words. */
async function copy(content: Uint8Array, folder: string, { name, ...step }: DriveOptions): Promise<void> {
  let done = 0;
  try {
    const file = openSync(join(folder, name), 'w');
    try {
      while (done < content.length) {
        step.progress('copying', done, content.length);
        done += writeSync(file, content, done, Math.min(PIECE_BYTES, content.length - done));
        fsyncSync(file);
        await sleep(0);
        if (done < content.length)
          stopIfAsked(step, 'the board took a part of the program; its boot loader stays, reset it into that and run this again');
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A boot loader restarts at the last block, before the file system has said good-bye.
    if (code === 'EIO' && done === content.length) return;
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
      throw new DeviceError(`${folder}: you may not write to the drive (${code}); mount it for yourself: udisksctl mount -b /dev/sdX1`);
    if (code)
      throw new DeviceError(
        `${folder}: the copy broke off after ${done} of ${content.length} bytes (${message}); plug the board in again`,
        7,
      );
    throw error;
  }
}

/**
 * Copies the file and waits until the drive goes away, which boot loaders and probes do when they have taken all of it.
 * @returns `restarted`, or `file` when the drive stays and only the file on it could be compared
 * @throws DeviceError when the drive says that it failed, or holds something else.
 */
export async function copyToDrive(content: Uint8Array, folder: string, options: DriveOptions): Promise<'restarted' | 'file'> {
  const { name, restartMs = 8000, returns = false } = options;
  // A folder in which something is mounted has another device than the one above it; of a drive that is gone, the same.
  const before = statSync(folder).dev;
  await copy(content, folder, options);
  const isGone = () => {
    try {
      return statSync(folder).dev !== before || ![UF2_INFORMATION, ...PROBE_INFORMATION].some((file) => existsSync(join(folder, file)));
    } catch {
      return true;
    }
  };
  const failure = () => {
    try {
      return readFileSync(join(folder, FAILURE), 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  const refused = (words: string) => new DeviceError(`${folder}: the board did not take the file; its drive says: ${words}`, 7);
  let restarted = false;
  for (const deadline = Date.now() + restartMs; !restarted && Date.now() < deadline; await sleep(50)) {
    const words = failure();
    if (words !== undefined) throw refused(words);
    restarted = isGone();
  }
  if (restarted) {
    // A probe comes back with its verdict, where something mounts it again; a boot loader starts the program.
    for (const deadline = Date.now() + restartMs; returns && Date.now() < deadline && !isProbeDrive(folder); ) await sleep(50);
    const words = failure();
    if (words !== undefined) throw refused(words);
    return 'restarted';
  }
  const kept = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined;
  if (!kept?.equals(content))
    throw new DeviceError(`${folder}: the file on the drive is not what was written, and the board did not restart; run this again`, 7);
  return 'file';
}
