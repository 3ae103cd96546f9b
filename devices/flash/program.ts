/** What `whittle flash` is given, as segments: a model (the monitor is built around it), a file that a toolchain made, or the folder of one. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BudgetError, InputFileError, UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { FORMAT_MAGIC } from '../../runtime-as/format.ts';
import type { Board, Flasher, Memory } from '../../targets/boards/board.ts';
import { writeBoardImage } from '../../targets/mcu/image.ts';
import { buildFirmware } from '../serial/firmware-build.ts';
import { monitorVocabulary } from '../serial/firmware-source.ts';
import { RECORD_BYTES } from '../serial/protocol.ts';
import { slotContent } from '../serial/record.ts';
import { wirings } from '../serial/wiring.ts';
import { isElf, readElf } from './elf.ts';
import { readEspBuild } from './esp-build.ts';
import { readIntelHex } from './intel-hex.ts';
import { hexAddress, joinSegments, type Segment } from './segments.ts';
import { isUf2, readUf2 } from './uf2.ts';

/** What a slot without a model begins with. */
const erasedRecord = new Uint8Array(RECORD_BYTES).fill(0xff);

const PROGRAM = /\.(elf|hex|uf2|bin)$/;

/** The packed model in a file or a folder of `whittle build`; undefined: it is something else. */
export function modelIn(path: string): Uint8Array<ArrayBuffer> | undefined {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'model.whittle') : path;
  if (!existsSync(file)) return undefined;
  const bytes = readInputFile(file);
  return bytes.length > 4 && new DataView(bytes.buffer).getUint32(0, true) === FORMAT_MAGIC ? bytes : undefined;
}

const usesEspFlash = (flasher: Flasher) => flasher.kind === 'esp' || (flasher.kind === 'probe' && flasher.espFlash === true);

/** Where a program for this board begins, and how far it may reach, in the addresses of this way to flash. */
export function memoryFor({ flash }: Board, flasher: Flasher): Memory {
  // Addresses of the flash chip: where a cache shows it is the program's own business.
  if (usesEspFlash(flasher)) return { origin: 0, bytes: flash.bytes };
  if (flasher.kind !== 'uf2') return flash;
  const { origin, bytes = flash.origin + flash.bytes - origin } = flasher;
  return { origin, bytes };
}

/** The firmware monitor with the kernels of the model, and the model in a slot behind it. */
async function monitorAround(bytes: Uint8Array, path: string, board: Board, flasher: Flasher): Promise<Segment[]> {
  const wiring = wirings[board.name];
  if (!wiring) {
    // The boot ROM of an ESP takes no ELF file.
    const program = usesEspFlash(flasher) ? 'PROJECT/build' : 'PROGRAM.elf';
    throw new UsageError(
      `${path}: there is no firmware monitor for ${board.name}, so that a model alone makes no program there; build one with it (README.md of a folder from whittle build --target mcu shows how), then: whittle flash ${program} --board ${board.name}`,
    );
  }
  const model = readPackedModel(bytes, path);
  const { bin, heapBytes } = await buildFirmware(board, model.opcodes);
  const image = await writeBoardImage(model, monitorVocabulary(board));
  const ramBytes = image.arenaBytes + image.workspaceBytes;
  if (ramBytes > heapBytes)
    throw new BudgetError(
      `${path}: the model needs ${ramBytes} bytes of RAM for arena and workspace, the monitor of ${board.name} leaves ${heapBytes}; choose a smaller input or another board`,
    );
  const content = slotContent(image.bytes, 1);
  const inFlash = wiring.memory.slots.filter(
    ({ origin }) => origin >= board.flash.origin && origin < board.flash.origin + board.flash.bytes,
  );
  const slot = inFlash.find((candidate) => candidate.bytes >= content.length);
  if (!slot) {
    const most = Math.max(0, ...inFlash.map((candidate) => candidate.bytes));
    throw new BudgetError(
      `${path}: the model takes ${content.length} bytes of flash beside the monitor, ${board.name} has ${most} for it; compress it more (whittle check --board ${board.name} says what dominates)`,
    );
  }
  return [
    { address: (wiring.firmware ?? board.flash).origin, content: new Uint8Array(readFileSync(bin)) },
    { address: slot.origin, content },
    // A record that an earlier program left would be of a newer model.
    ...inFlash.filter((other) => other !== slot).map(({ origin }) => ({ address: origin, content: erasedRecord })),
  ];
}

function readFile(path: string, board: Board, flasher: Flasher, address: number | undefined): readonly Segment[] {
  const bytes = readInputFile(path);
  if (isElf(bytes)) {
    if (usesEspFlash(flasher))
      throw new UsageError(
        `${path}: the boot ROM of an ESP takes no ELF file; give the build folder of ESP-IDF (it has flasher_args.json)`,
      );
    return readElf(bytes, board.core, path);
  }
  if (isUf2(bytes)) {
    const { segments, familyIds } = readUf2(bytes, path);
    if (flasher.kind === 'uf2' && familyIds.length && !familyIds.includes(flasher.familyId))
      throw new InputFileError(
        `${path}: is for chips of family ${hexAddress(familyIds[0] as number)}, ${board.name} is ${hexAddress(flasher.familyId)}; build it for this board`,
      );
    return segments;
  }
  if (path.endsWith('.hex')) return readIntelHex(new TextDecoder().decode(bytes), path);
  if (usesEspFlash(flasher) && address === undefined)
    throw new UsageError(`${path}: say where in the flash it belongs: --address 0x10000 for an application, 0 for a merged image`);
  return [{ address: address ?? memoryFor(board, flasher).origin, content: bytes }];
}

/** The one program of a folder. */
function programIn(folder: string): string {
  const found = readdirSync(folder).filter((name) => PROGRAM.test(name));
  if (found.length === 1) return join(folder, found[0] as string);
  throw new UsageError(
    found.length
      ? `${folder}: holds several programs (${found.join(', ')}); name one of them`
      : `${folder}: holds neither model.whittle (whittle build --target mcu) nor a program (.elf, .hex, .uf2, .bin); name the file that your toolchain made`,
  );
}

/**
 * @param address of a raw .bin; default: where programs of this board begin
 * @throws UsageError when it cannot be told what to flash; InputFileError; BudgetError
 */
export async function loadProgram(path: string, board: Board, flasher: Flasher, address?: number): Promise<Segment[]> {
  const model = modelIn(path);
  if (model) {
    const segments = await monitorAround(model, path, board, flasher);
    // Where the processor sees the flash, and where that lies in what is flashed.
    const shift = usesEspFlash(flasher) ? board.flash.origin : 0;
    return joinSegments(
      segments.map((segment) => ({ ...segment, address: segment.address - shift })),
      path,
    );
  }
  if (!existsSync(path) || !statSync(path).isDirectory()) return joinSegments(readFile(path, board, flasher, address), path);
  const build = usesEspFlash(flasher) ? readEspBuild(path) : undefined;
  return joinSegments(build ?? readFile(programIn(path), board, flasher, address), path);
}
