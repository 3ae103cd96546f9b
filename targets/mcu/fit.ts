/** Whether a model fits a board, what takes the space, and what would help. */
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { Board, Memory } from '../boards/board.ts';
import { boards } from '../boards/index.ts';
import { type ArenaPeak, arenaPeak } from './arena-peak.ts';
import { CONTEXT_BYTES } from './header.ts';
import type { BoardImage } from './image.ts';
import type { Cost } from './measure.ts';
import { buildCPackage } from './target.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface LayerBytes {
  readonly name: string;
  readonly kernel: string;
  /** Of weights, biases and tables; what several layers share counts at the first. */
  readonly bytes: number;
}

export interface Fit {
  readonly board: string;
  readonly chip: string;
  readonly vocabulary: Vocabulary;
  readonly fits: boolean;
  /** `linked` by the board's compiler, or an upper `bound` because that is not installed. */
  readonly method: Cost['method'];
  readonly flash: {
    readonly neededBytes: number;
    readonly availableBytes: number;
    readonly codeBytes: number;
    readonly imageBytes: number;
  };
  readonly ram: {
    readonly neededBytes: number;
    readonly availableBytes: number;
    readonly tensorBytes: number;
    readonly workspaceBytes: number;
    readonly stackBytes: number;
  };
  /** The layers with constants, the largest first. */
  readonly layers: readonly LayerBytes[];
  readonly arenaPeak: ArenaPeak & { readonly layer: string };
  readonly suggestions: readonly string[];
}

/** What an application may fill: a boot loader that stays on the board is not counted. */
export function availableFlash({ flash, flashers }: Board): Memory {
  const flasher = flashers[0];
  if (flasher?.kind !== 'uf2') return flash;
  const { origin, bytes = flash.origin + flash.bytes - origin } = flasher;
  return { origin, bytes };
}

function layerBytes({ steps, parts }: BoardImage): LayerBytes[] {
  return steps
    .map(({ name, opcode }, step) => ({
      name,
      kernel: opcodeNames.get(opcode) ?? String(opcode),
      bytes: parts.reduce((sum, part) => (part.step === step ? sum + part.bytes : sum), 0),
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`;

type Needs = Omit<Fit, 'suggestions' | 'fits'>;

/** Boards of the same vocabulary, on which the sizes are the same. */
function boardsThatFit({ vocabulary, flash, ram }: Needs): string[] {
  return boards
    .filter((board) => !board.qemu && board.vocabulary === vocabulary)
    .filter((board) => availableFlash(board).bytes >= flash.neededBytes && board.ram.bytes >= ram.neededBytes)
    .map(({ name }) => name);
}

function suggestionsFor(needs: Needs): string[] {
  const { flash, ram, layers, arenaPeak: peak } = needs;
  const suggestions: string[] = [];
  const excessFlash = flash.neededBytes - flash.availableBytes;
  const excessRam = ram.neededBytes - ram.availableBytes;
  if (excessFlash > 0) {
    const [largest] = layers;
    const goal = flash.imageBytes - excessFlash;
    suggestions.push(
      goal > 0
        ? `compress the constants from ${flash.imageBytes} to ${goal} bytes (${percent(goal, flash.imageBytes)} of them): whittle compress --recipe, with channel pruning or low-rank factors`
        : `the code alone, ${flash.codeBytes} bytes, leaves no room for constants: take a larger board`,
    );
    if (largest && largest.bytes > flash.imageBytes / 4)
      suggestions.push(`begin with "${largest.name}": it holds ${percent(largest.bytes, flash.imageBytes)} of the constants`);
  }
  if (excessRam > 0) {
    suggestions.push(
      `"${peak.layer}" needs the most: its tensors of ${peak.tensorBytes.slice(0, 3).join(' + ')} bytes are live at once; fewer channels there, or a smaller input (half the height and width: a quarter of the bytes)`,
    );
    if (ram.workspaceBytes > ram.tensorBytes / 2)
      suggestions.push(
        `${ram.workspaceBytes} bytes are the workspace of one kernel: a convolution with fewer inputs per output needs less`,
      );
  }
  if (excessFlash > 0 || excessRam > 0) {
    const others = boardsThatFit(needs);
    suggestions.push(others.length ? `it fits ${others.join(', ')}` : 'no known board with the same kernels is large enough');
  }
  return suggestions;
}

/** @throws InvalidPackedModelError when the runtime refuses the model; UsageError when it has no layers. */
export async function fitBoard(model: PackedModel, board: Board): Promise<Fit> {
  const { pkg, costs } = await buildCPackage(model, { board: board.name });
  const image = pkg.images[0] as BoardImage;
  const { flashBytes, textBytes, ramBytes, stackBytes, method, vocabulary } = costs[0] as Cost;
  const peak = arenaPeak(pkg.records);
  const needs: Needs = {
    board: board.name,
    chip: board.chip,
    vocabulary: vocabulary as Vocabulary,
    method,
    flash: {
      neededBytes: flashBytes,
      availableBytes: availableFlash(board).bytes,
      codeBytes: textBytes,
      imageBytes: image.bytes.length,
    },
    ram: {
      neededBytes: ramBytes,
      availableBytes: board.ram.bytes,
      tensorBytes: image.arenaBytes,
      workspaceBytes: image.workspaceBytes + CONTEXT_BYTES,
      stackBytes,
    },
    layers: layerBytes(image),
    arenaPeak: { ...peak, layer: image.steps[peak.step]?.name ?? '' },
  };
  const { flash, ram } = needs;
  const fits = flash.neededBytes <= flash.availableBytes && ram.neededBytes <= ram.availableBytes;
  return { ...needs, fits, suggestions: suggestionsFor(needs) };
}
