/**
 * The C packages of real models: without warnings for every core, standard and optimization; the self-test under
 * sanitizers; sizes within what issue 4 allows; a CMake build for a board.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFile } from '../../compiler/compile-file.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { compilerOf } from '../../targets/boards/cores.ts';
import { boardNamed, boards } from '../../targets/boards/index.ts';
import { fitBoard } from '../../targets/mcu/fit.ts';
import { type BuiltPackage, buildCPackage } from '../../targets/mcu/target.ts';
import { packUncalibrated } from '../../targets/mcu/uncalibrated.ts';
import { requireTool } from '../require-tool.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';
import { selftestOnBoard } from '../targets/mcu/bare-metal.ts';
import { cSources, hostObjects, Project, run, runOnHost } from '../targets/mcu/c-project.ts';
import { type Core, cores, type Standard, warnings } from '../targets/mcu/compilers.ts';
import { checkArduino, checkEspIdf, checkPlatformio, checkZephyr } from '../targets/mcu/ecosystem-rules.ts';

interface Case {
  readonly name: string;
  readonly onnx: string;
  readonly samples?: string;
  readonly encoding?: 'bytes';
}

const models: readonly Case[] = [
  { name: 'resnet8', onnx: 'ic-resnet8/model_fp32_bn.onnx', samples: 'ic-resnet8/calibration.dataset.json' },
  { name: 'dscnn', onnx: 'kws-dscnn/model_fp32.onnx', samples: 'kws-dscnn/dev.dataset.json' },
  { name: 'ad', onnx: 'ad-autoencoder/model_fp32_bn.onnx' },
  { name: 'lenet5', onnx: 'mnist-lenet/lenet5_original.onnx', samples: 'mnist-lenet/calibration.dataset.json' },
  { name: 'sparse', onnx: 'mnist-lenet/lenet5_sparse.onnx', samples: 'mnist-lenet/calibration.dataset.json', encoding: 'bytes' },
  { name: 'vww', onnx: 'vww-mobilenetv1/model_fp32_bn.onnx', samples: 'imagenet-sample1000/dev.vww.dataset.json' },
];

/** Its steps are of more kinds than those of the others, and it is small: it meets every combination. */
const everywhere = 'dscnn';

const standards: readonly Standard[] = ['c99', 'c11', 'c++17'];
const optimizations = ['-Os', '-O2', '-O3'];
const combinations = standards.flatMap((standard) => optimizations.map((optimization) => ({ standard, optimization })));

const runFile = promisify(execFile);

/** Compiles every source of the package, two at a time. @returns what the compiler said */
async function compile(folder: string, core: Core, standard: Standard, optimization: string): Promise<string> {
  const language = standard === 'c++17' ? ['-x', 'c++', '-fno-exceptions'] : [];
  const argv = [...core.flags, ...language, `-std=${standard}`, optimization, '-ffreestanding', ...warnings, '-Wcast-qual'];
  using objects = new Project();
  const queue = cSources(folder);
  const said: string[] = [];
  const work = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      await runFile(core.gcc, [...argv, '-c', source], { cwd: objects.path }).catch(({ stderr }) => said.push(stderr));
    }
  };
  await Promise.all([work(), work()]);
  return said.join('');
}

async function pack({ name, onnx, samples, encoding }: Case) {
  const path = sharedData(onnx);
  if (samples === undefined) return packUncalibrated(path, name, new Map());
  const { bytes } = await compileFile(path, { name, samples: sharedData(samples), limit: 20, ...(encoding && { encoding }) });
  return readPackedModel(bytes);
}

describeWithSharedData('the C packages of real models', () => {
  const project = new Project();
  const packages = new Map<string, BuiltPackage>();
  const rows: string[] = [];
  const builtOf = (name: string) => packages.get(name) as BuiltPackage;

  beforeAll(async () => {
    for (const model of models) {
      const built = await buildCPackage(await pack(model), {});
      packages.set(model.name, built);
      project.add(built.files, model.name);
    }
  }, 600_000);
  afterAll(() => {
    project[Symbol.dispose]();
    console.log(['', ...rows, ''].join('\n'));
  });

  test.for(models)('$name: code, image and RAM within their limits', ({ name }) => {
    requireTool('arm-none-eabi-gcc');
    const { pkg, costs } = builtOf(name);
    pkg.images.forEach((image, i) => {
      const cost = costs[i];
      if (!cost) throw new Error('an image without a cost');
      const overhead = image.bytes.length / image.payloadBytes - 1;
      const arenaBytes = image.arenaBytes + image.workspaceBytes;
      rows.push(
        `${name.padEnd(8)} ${image.vocabulary.padEnd(6)} ${cost.core.padEnd(13)} text ${cost.textBytes}, image ${image.bytes.length} ` +
          `(+${(100 * overhead).toFixed(2)} %), flash ${cost.flashBytes}, arena ${arenaBytes}, RAM ${cost.ramBytes} (stack ${cost.stackBytes})`,
      );
      expect(cost.method).toBe('linked');
      // Encoded weights have a few words per layer to say how; the model is a thirtieth of the plain one.
      if (name !== 'sparse') expect(overhead).toBeLessThanOrEqual(0.06);
      expect(cost.ramBytes - arenaBytes).toBeLessThanOrEqual(1024);
      if (image.vocabulary === 'dsp') expect(cost.textBytes).toBeLessThanOrEqual(8 * 1024);
    });
  });

  describe.skipIf(!requireTool('g++'))('on this host, with sanitizers', () => {
    test.for(models)('$name: every layer computes what the compiler computed', ({ name }) => {
      const folder = join(project.path, name);
      const into = join(project.path, `host-${name}`);
      const sources = [...cSources(folder), join(folder, 'examples/cmake/main.c')];
      expect(runOnHost(hostObjects(sources, into, [`-I${join(folder, 'src')}`]), into)).toContain('selftest passed (0)\n');
    });
  });

  test.for(models)('$name: the self-test passes on every emulated board that has the memory', ({ name }) => {
    const { pkg } = builtOf(name);
    const largest = Math.max(...pkg.images.map((image) => image.bytes.length));
    const ram = Math.max(...pkg.images.map((image) => image.arenaBytes + image.workspaceBytes));
    const passed: string[] = [];
    for (const board of boards) {
      if (!board.qemu || board.flash.bytes < largest + 24 * 1024 || board.ram.bytes < ram + 640) continue;
      if (!requireTool(board.qemu.system) || !requireTool(`${compilerOf(board.core, board.fpu)?.prefix}gcc`)) continue;
      expect(selftestOnBoard(join(project.path, name), name, board), board.name).toBe(0);
      passed.push(board.name);
    }
    rows.push(`${name.padEnd(8)} self-test passed on ${passed.join(', ')}`);
    expect(passed.length).toBeGreaterThanOrEqual(7);
  });

  test.for(cores)('$name: the DS-CNN in every standard and optimization', async (core) => {
    if (!requireTool(core.gcc)) return;
    const said = [];
    for (const { standard, optimization } of combinations)
      said.push(await compile(join(project.path, everywhere), core, standard, optimization));
    expect(said.join('')).toBe('');
  });

  test.for(models.filter(({ name }) => name !== everywhere))('$name: one standard and optimization per core', async ({ name }) => {
    const said = [];
    for (const [i, core] of cores.entries()) {
      if (!requireTool(core.gcc)) continue;
      const { standard, optimization } = combinations[(i + name.length) % combinations.length] as (typeof combinations)[number];
      said.push(await compile(join(project.path, name), core, standard, optimization));
    }
    expect(said.join('')).toBe('');
  });

  test.for(models)('$name: a valid library everywhere', ({ name }) => {
    const folder = join(project.path, name);
    checkArduino(folder);
    checkPlatformio(folder);
    checkZephyr(folder);
    checkEspIdf(folder);
  });

  test.skipIf(!requireTool('cmake'))('CMake builds all of them into one firmware for a Cortex-M4', () => {
    const toolchain = project.write(
      'toolchain.cmake',
      `set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -Os -Werror")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -Wl,--gc-sections -Wl,-e,main")
`,
    );
    const names = models.map(({ name }) => name);
    project.write(
      'firmware/main.c',
      `${names.map((name) => `#include "${name}.h"\n`).join('')}int main(void) {\n  return ${names.map((name) => `${name}_selftest(${name}_arena)`).join(' + ')};\n}\n`,
    );
    const lists = `cmake_minimum_required(VERSION 3.16)\nproject(firmware C)\n${names.map((name) => `add_subdirectory(../${name} ${name})\n`).join('')}`;
    project.write(
      'firmware/CMakeLists.txt',
      `${lists}add_executable(firmware main.c)\ntarget_link_libraries(firmware PRIVATE ${names.map((name) => `${name}::${name}`).join(' ')})\n`,
    );
    run('cmake', ['-S', 'firmware', '-B', 'build', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`], project.path);
    run('cmake', ['--build', 'build', '--parallel', '2'], project.path);
    const symbols = run('arm-none-eabi-nm', ['build/firmware'], project.path);
    for (const name of names) expect(symbols).toContain(` ${name}_image\n`);
    // No heap, no C library: nothing but what a compiler needs itself.
    expect(symbols).not.toMatch(/ (_?malloc(_r)?|_sbrk|printf|_impure_ptr)\n/);
  });

  test('check --board agrees with what is known of the boards', async () => {
    const fits = async (name: string, board: string) => (await fitBoard(builtOf(name).pkg.model, boardNamed(board))).fits;
    expect(await fits('ad', 'nucleo-l432kc')).toBe(false);
    expect(await fits('sparse', 'microbit')).toBe(true);
    expect(await fits('vww', 'nucleo-l432kc')).toBe(true);
    expect(await fits('resnet8', 'microbit')).toBe(false);
    expect(await fits('lenet5', 'esp32-c3-devkitm-1')).toBe(true);
  });
});
