/** Target mcu: one folder that is an Arduino, PlatformIO, Zephyr, ESP-IDF and CMake library at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UsageError } from '../../compiler/errors.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import { readRecords } from '../../compiler/packed/records.ts';
import { packageRoot } from '../../compiler/root.ts';
import type { Core, Fpu } from '../boards/cores.ts';
import { boardNamed } from '../boards/index.ts';
import type { Package, PackageOptions, Target } from '../target.ts';
import { writeFolder } from '../write-folder.ts';
import { STACK_BOUND, textBound } from './bound.ts';
import { emitRuntime } from './build-runtime-c.ts';
import { type CPackage, type Files, modelFile, runtimeFile } from './c-package.ts';
import { chooseVocabularies } from './choose-vocabulary.ts';
import { modelCard, readme } from './documents.ts';
import { arduinoFiles } from './ecosystems/arduino.ts';
import { cmakeFiles } from './ecosystems/cmake.ts';
import { espIdfFiles } from './ecosystems/esp-idf.ts';
import { platformioFiles } from './ecosystems/platformio.ts';
import { zephyrFiles } from './ecosystems/zephyr.ts';
import { computeGolden } from './golden.ts';
import { arenaBytesOf, header } from './header.ts';
import { type BoardImage, writeBoardImage } from './image.ts';
import { type Cost, measure } from './measure.ts';
import { modelSource } from './model-source.ts';
import { namesOf } from './names.ts';
import { selftestSource } from './selftest-source.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What `--json` prints beside target and folder. */
export interface CPackageSummary extends Package {
  /** What `arena` must hold: tensors, workspace and context. */
  readonly arenaBytes: number;
  readonly textBytes: number;
  readonly imageBytes: number;
  /** For whom flashBytes, ramBytes and textBytes are. */
  readonly core: Core;
  readonly vocabulary: Vocabulary;
  readonly costs: readonly Cost[];
}

/** The core that stands for a vocabulary where no board is given. */
const typicalCores: Readonly<Record<Vocabulary, { readonly core: Core; readonly fpu: Fpu }>> = {
  scalar: { core: 'cortex-m0plus', fpu: 'none' },
  dsp: { core: 'cortex-m4', fpu: 'single' },
  mve: { core: 'cortex-m55', fpu: 'double' },
};

/** The runtime of one vocabulary; with several of them the compiler's target selects one. */
async function runtimeFiles(pkg: CPackage, image: BoardImage): Promise<{ files: Files; functions: ReadonlyMap<number, string> }> {
  const { names, images, model } = pkg;
  const source = runtimeFile(names, images, image.vocabulary);
  const headerName = source.replace(/c$/, 'h');
  const runtime = await emitRuntime(model.opcodes, image.vocabulary, { prefix: `${names.symbol}_`, header: headerName });
  const guarded =
    images.length === 1
      ? runtime.source
      : `#include "${names.library}.h"\n#if ${names.macro}_VOCABULARY == ${names.macro}_VOCABULARY_${image.vocabulary.toUpperCase()}\n${runtime.source}#endif\n`;
  const files = { [`src/${source}`]: guarded, [`src/${headerName}`]: runtime.header };
  for (const [name, text] of runtime.portHeaders) files[`src/${name}`] = text;
  return { files, functions: runtime.functions };
}

async function sources(pkg: CPackage): Promise<Files> {
  const { names, images, model, records } = pkg;
  const golden = await computeGolden(model, records);
  const files: Record<string, string | Uint8Array> = { [`src/${names.library}.h`]: header(pkg) };
  for (const image of images) {
    const runtime = await runtimeFiles(pkg, image);
    files[`src/${modelFile(names, images, image.vocabulary)}`] = modelSource(pkg, image, runtime.functions);
    Object.assign(files, runtime.files);
  }
  files[`src/${names.library}_selftest.c`] = selftestSource(
    pkg,
    golden,
    golden.outputs.map((bytes) => crc32(bytes)),
  );
  return files;
}

/** What the package costs on a core that runs the image. */
function costOf(pkg: CPackage, files: Files, image: BoardImage, { core, fpu }: { core: Core; fpu: Fpu }): Cost {
  const measured = measure(pkg, files, core, fpu);
  if (measured) return { vocabulary: image.vocabulary, ...measured };
  const runtime = files[`src/${runtimeFile(pkg.names, pkg.images, image.vocabulary)}`] as string;
  const textBytes = textBound(runtime.length, image.steps.length);
  return {
    core,
    vocabulary: image.vocabulary,
    textBytes,
    flashBytes: textBytes + image.bytes.length,
    ramBytes: arenaBytesOf(image) + STACK_BOUND,
    stackBytes: STACK_BOUND,
    method: 'bound',
  };
}

export interface BuiltPackage {
  readonly pkg: CPackage;
  readonly files: Files;
  /** One per image. */
  readonly costs: readonly Cost[];
}

/**
 * The files of the package, and what they cost.
 * @throws UsageError when the model computes nothing, or the board cannot run the vocabulary.
 */
export async function buildCPackage(model: PackedModel, options: PackageOptions): Promise<BuiltPackage> {
  const board = options.board === undefined ? undefined : boardNamed(options.board);
  if (model.stepCount === 0) throw new UsageError(`${model.metadata.name}: has no layers, its outputs are its inputs`);
  const images: BoardImage[] = [];
  for (const vocabulary of chooseVocabularies(options, board)) images.push(await writeBoardImage(model, vocabulary));
  const { name = model.metadata.name, url } = options;
  const pkg: CPackage = { model, records: readRecords(model), names: namesOf(name), images, ...(url !== undefined && { url }) };
  const files = await sources(pkg);
  const costs = images.map((image) => costOf(pkg, files, image, board ?? typicalCores[image.vocabulary]));
  return {
    pkg,
    costs,
    files: {
      ...files,
      ...arduinoFiles(pkg),
      ...platformioFiles(pkg),
      ...cmakeFiles(pkg),
      ...zephyrFiles(pkg),
      ...espIdfFiles(pkg),
      'README.md': readme(pkg, costs),
      'model-card.json': modelCard(pkg, costs),
      'model.whittle': model.file,
      LICENSE: readFileSync(join(packageRoot, 'LICENSE')),
    },
  };
}

export const mcuTarget: Target = {
  name: 'mcu',
  async package(model, folder, options): Promise<CPackageSummary> {
    const { pkg, files, costs } = await buildCPackage(model, options);
    writeFolder(folder, files);
    // The DSP extension is what most of these boards have.
    const index = Math.max(
      0,
      pkg.images.findIndex(({ vocabulary }) => vocabulary === 'dsp'),
    );
    const image = pkg.images[index] as BoardImage;
    const { flashBytes, ramBytes, textBytes, core } = costs[index] as Cost;
    return {
      folder,
      files: Object.keys(files),
      flashBytes,
      ramBytes,
      arenaBytes: arenaBytesOf(image),
      textBytes,
      imageBytes: image.bytes.length,
      core,
      vocabulary: image.vocabulary,
      costs,
    };
  },
};
