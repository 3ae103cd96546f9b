/** The emitted C package of a small model: compiled, run with sanitizers, built by CMake, checked as a library of each ecosystem. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileModel } from '../../../compiler/compile.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { compilerOf } from '../../../targets/boards/cores.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { type BuiltPackage, buildCPackage } from '../../../targets/mcu/target.ts';
import { encodeOnnx, onnxNode } from '../../compiler/ops/onnx-case.ts';
import { randomTensor } from '../../compiler/ops/op-case.ts';
import { int8Model } from '../../int8-model.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { selftestOnBoard, selftestOnXtensa } from './bare-metal.ts';
import { compileSources, cSources, hostObjects, Project, run, runOnHost } from './c-project.ts';
import { cores } from './compilers.ts';
import { checkArduino, checkEspIdf, checkPlatformio, checkZephyr } from './ecosystem-rules.ts';

const project = new Project();
afterAll(() => project[Symbol.dispose]());
const folder = join(project.path, 'tiny');
let built: BuiltPackage;
let bytes: Uint8Array;

beforeAll(async () => {
  bytes = await int8Model();
  built = await buildCPackage(readPackedModel(bytes), {});
  project.add(built.files, 'tiny');
}, 180_000);

/** Two int8 inputs a, b [1, 8]; outputs a + b (int8), its argmax (int32), and a constant (float32). */
async function portsModel(): Promise<Uint8Array> {
  const port = { type: 'float32' as const, shape: [1, 8], data: [] };
  const onnx = encodeOnnx({
    nodes: [
      onnxNode('Add', ['a', 'b'], 'sum'),
      onnxNode('ArgMax', ['sum'], 'largest', { axis: 1, keepdims: 0 }),
      onnxNode('Identity', ['c'], 'constant'),
    ],
    inputs: { a: port, b: port },
    constants: { c: { type: 'float32', shape: [3], data: [11, 22, 33] } },
    outputs: { sum: 'float32', largest: 'int64', constant: 'float32' },
  });
  const samples = Array.from({ length: 4 }, (_, i) => [1, 2].map((j) => Float32Array.from(randomTensor([1, 8], 10 * i + j, -1, 1).data)));
  return (await compileModel({ onnx, name: 'ports', samples })).bytes;
}

const example = 'examples/cmake/main.c';

describe.skipIf(!requireTool('g++'))('on this host, with sanitizers', () => {
  const include = `-I${join(folder, 'src')}`;
  const program = join(project.path, 'host');
  let objects: string[];
  let main: string[];
  beforeAll(() => {
    objects = hostObjects(cSources(folder), join(project.path, 'objects'));
    main = hostObjects([join(folder, example)], join(project.path, 'objects'), [include]);
  });

  test('the self-test passes', () => {
    expect(runOnHost([...objects, ...main], program)).toContain('selftest passed (0)\n');
  });

  test('the self-test names the first layer that differs, and damaged constants', () => {
    const text = readFileSync(join(folder, 'src/tiny_scalar.c'), 'utf8');
    const others = objects.filter((path) => !path.endsWith('/tiny_scalar.o'));
    const runDamaged = (source: string) => {
      const damaged = hostObjects([project.write('damaged/tiny_scalar.c', source)], join(project.path, 'damaged'), [include]);
      return runOnHost([...others, ...damaged, ...main], program);
    };
    // Step 1 is the depthwise convolution: its call goes to another place of the image.
    const call = /tiny_runDepthwiseInt8\(image \+ \d+u, context, image \+ (\d+)u\);/g;
    expect(text.match(call)).toHaveLength(2);
    const moved = text.replaceAll(call, (match, offset) => match.replace(`image + ${offset}u)`, `image + ${Number(offset) + 16}u)`));
    expect(() => runDamaged(moved)).toThrow('selftest failed (2)');
    const lastWord = text.lastIndexOf('0x', text.indexOf('};\n\nTINY_ALIGNED uint8_t'));
    expect(() => runDamaged(`${text.slice(0, lastWord)}0x12345678u${text.slice(lastWord + 11)}`)).toThrow('selftest failed (-2)');
  });

  test('conversions give what a session in Node gives, and several models link into one program', async () => {
    using others = new Project();
    const float = await buildCPackage(readPackedModel(smallModel()), { name: 'Float 32!', vocabulary: 'scalar' });
    const ports = await buildCPackage(readPackedModel(await portsModel()), { vocabulary: 'scalar' });
    others.add(float.files).add(ports.files);
    const program = others.write(
      'main.c',
      `#include <stdio.h>
#include "float_32.h"
#include "ports.h"
#include "tiny.h"
int main(void) {
  static uint8_t pixels[TINY_INPUT_LENGTH];
  int8_t *x = tiny_input(tiny_arena);
  for (uint32_t i = 0; i < TINY_INPUT_LENGTH; i++) pixels[i] = (uint8_t)(i * 37u);
  tiny_quantize_stored(x, pixels);
  int differing = 0;
  for (uint32_t i = 0; i < TINY_INPUT_LENGTH; i++) {
    if (x[i] != tiny_quantize_input(((float)pixels[i] - 128.0f) / 128.0f)) differing++;
  }
  printf("%d %d %d %d", differing, tiny_selftest(tiny_arena), float_32_selftest(float_32_arena), tiny_selftest(tiny_arena + 1));
  printf(" %s %s", tiny_labels[TINY_LABEL_COUNT - 1u], tiny_step_names[0][0] != 0 ? "named" : "");
  printf(" %d", ports_selftest(ports_arena));
  for (uint32_t i = 0; i < PORTS_INPUT_0_LENGTH; i++) {
    ports_input_0(ports_arena)[i] = ports_quantize_input_0(i == 5u ? 0.9f : 0.1f);
    ports_input_1(ports_arena)[i] = ports_quantize_input_1(0.06f * (float)i);
  }
  ports_run(ports_arena);
  printf(" %d %.1f", (int)ports_output_1(ports_arena)[0], (double)ports_dequantize_output_0(ports_output_0(ports_arena)[5]));
  printf(" %d", (int)ports_output_2(ports_arena)[1]);
  return 0;
}
`,
    );
    const more = hostObjects([...cSources(others.path), program], join(others.path, 'objects'), [include, `-I${join(others.path, 'src')}`]);
    expect(runOnHost([...objects, ...more], others.path)).toBe('0 0 0 -1 dog named 0 5 1.2 22');
  });

  test('the Arduino sketch runs on a stand-in of the core', () => {
    const core = project.write(
      'arduino/Arduino.h',
      `#pragma once
#include <stdio.h>
#include <stdint.h>
struct SerialPort {
  void begin(long) {}
  explicit operator bool() const { return true; }
  void print(const char *text) { fputs(text, stdout); }
  void print(char c) { putchar(c); }
  void print(unsigned long value) { printf("%lu", value); }
  void println(const char *text) { puts(text); }
  void println(int value) { printf("%d\\n", value); }
  void println(double value) { printf("%f\\n", value); }
};
extern SerialPort Serial;
inline unsigned long millis() { return 0; }
inline unsigned long micros() { return 0; }
inline void delay(unsigned long) {}
`,
    );
    const sketch = `#include "Arduino.h"\n#include "${join(folder, 'examples/Basic/Basic.ino')}"\nSerialPort Serial;\nint main() { setup(); loop(); }\n`;
    const parts = [project.write('arduino/main.cpp', sketch), ...objects];
    const printed = runOnHost(parts, program, ['-std=c++17', include, `-I${join(core, '..')}`]);
    expect(printed).toMatch(/^selftest passed\n(\w+ [0-9.]+\n){4}0 us\n$/);
  });
});

const quick: readonly string[] = ['Cortex-M0', 'Cortex-M4', 'RV32IMC', 'Xtensa'];

test.for(cores.filter(({ name }) => quick.includes(name)))('$name: compiles without warnings', (core) => {
  if (!requireTool(core.gcc)) return;
  compileSources(folder, core, 'c99', ['-Os']);
});

describe('on emulated boards', () => {
  test.for(['microbit', 'mps2-an386', 'virt-rv32'])('%s: the self-test passes', (name) => {
    const board = boardNamed(name);
    if (!requireTool(`${compilerOf(board.core, board.fpu)?.prefix}gcc`) || !requireTool(board.qemu?.system ?? '')) return;
    expect(selftestOnBoard(folder, 'tiny', board)).toBe(0);
  });

  test.for(['lx106', 'dc233c'] as const)('Xtensa %s: the self-test passes', (cpu) => {
    if (!requireTool('xtensa-lx106-elf-gcc') || !requireTool('qemu-system-xtensa')) return;
    expect(selftestOnXtensa(folder, 'tiny', cpu)).toBe(0);
  });

  test('and fails when the constants are damaged', () => {
    if (!requireTool('arm-none-eabi-gcc') || !requireTool('qemu-system-arm')) return;
    using damaged = new Project().add(built.files);
    const source = readFileSync(join(folder, 'src/tiny_dsp.c'), 'utf8');
    damaged.write('src/tiny_dsp.c', source.replace(/0x[0-9a-f]{8}u,\n\};/, '0x12345678u,\n};'));
    expect(selftestOnBoard(damaged.path, 'tiny', boardNamed('mps2-an386'))).toBe(254);
  });
});

test('costs are linked sizes: code, constants, arena, stack', () => {
  if (!requireTool('arm-none-eabi-gcc')) return;
  expect(built.costs.map(({ core, vocabulary, method }) => [core, vocabulary, method])).toEqual([
    ['cortex-m0plus', 'scalar', 'linked'],
    ['cortex-m4', 'dsp', 'linked'],
    ['cortex-m55', 'mve', 'linked'],
  ]);
  built.costs.forEach(({ flashBytes, textBytes, ramBytes, stackBytes }, i) => {
    const image = built.pkg.images[i];
    if (!image) throw new Error('a cost without an image');
    const constants = flashBytes - textBytes - image.bytes.length;
    expect(constants).toBeGreaterThanOrEqual(0);
    expect(constants).toBeLessThan(64);
    expect(ramBytes).toBe(image.arenaBytes + image.workspaceBytes + 16 + stackBytes);
    expect(stackBytes).toBeGreaterThan(64);
    expect(stackBytes).toBeLessThan(1024);
  });
});

describe('the libraries', () => {
  test('are valid for Arduino, PlatformIO, Zephyr and ESP-IDF', () => {
    checkArduino(folder);
    checkPlatformio(folder);
    checkEspIdf(folder);
    expect(checkZephyr(folder)).toEqual(['WHITTLE_TINY']);
  });

  test('name a page on the web only where there is one', async () => {
    const addresses = ({ files }: BuiltPackage) => [
      /^url=(.*)$/m.exec(files['library.properties'] as string)?.[1],
      JSON.parse(files['library.json'] as string).homepage,
      parse(files['idf_component.yml'] as string).url,
    ];
    expect(addresses(built)).toEqual(['about:blank', undefined, undefined]);
    const url = 'https://github.com/me/tiny';
    const named = await buildCPackage(readPackedModel(bytes), { url, vocabulary: 'scalar' });
    expect(addresses(named)).toEqual([url, url, url]);
    using project = new Project().add(named.files);
    for (const check of [checkArduino, checkPlatformio, checkEspIdf]) check(project.path);
  });

  test('a board decides the kernels', async () => {
    const { pkg, costs } = await buildCPackage(readPackedModel(bytes), { board: 'nucleo-l476rg' });
    expect(pkg.images.map(({ vocabulary }) => vocabulary)).toEqual(['dsp']);
    expect(costs[0]?.core).toBe('cortex-m4');
    await expect(buildCPackage(readPackedModel(bytes), { board: 'pico', vocabulary: 'dsp' })).rejects.toThrow(UsageError);
    await expect(buildCPackage(readPackedModel(bytes), { vocabulary: 'neon' })).rejects.toThrow('known are scalar, dsp, mve, auto');
  });
});

describe.skipIf(!requireTool('cmake'))('CMake', () => {
  const configure = (source: string, build: string, ...definitions: string[]) =>
    run('cmake', ['-S', source, '-B', build, ...definitions], project.path);

  test('builds the example inside the source tree, and against an installed package', () => {
    const prefix = join(project.path, 'installed');
    configure(join(folder, 'examples/cmake'), 'build-tree');
    run('cmake', ['--build', 'build-tree'], project.path);
    expect(run(join(project.path, 'build-tree/example'), [], project.path)).toContain('selftest passed');

    configure(folder, 'build-library', `-DCMAKE_INSTALL_PREFIX=${prefix}`);
    run('cmake', ['--build', 'build-library', '--target', 'install'], project.path);
    project.write('user/main.c', readFileSync(join(folder, example)));
    const lists = 'cmake_minimum_required(VERSION 3.16)\nproject(user C)\nfind_package(tiny 1.0 REQUIRED)\nadd_executable(user main.c)\n';
    project.write('user/CMakeLists.txt', `${lists}target_link_libraries(user tiny::tiny)\n`);
    configure('user', 'build-user', `-DCMAKE_PREFIX_PATH=${prefix}`);
    run('cmake', ['--build', 'build-user'], project.path);
    expect(run(join(project.path, 'build-user/user'), [], project.path)).toContain('selftest passed');
  });

  test('the files of ESP-IDF and Zephyr name sources that exist', () => {
    const checkSources = `foreach(file IN LISTS ARGN)
if(file MATCHES "[.]c$" AND NOT EXISTS "\${CMAKE_CURRENT_LIST_DIR}/\${file}")
message(FATAL_ERROR "\${file}")
endif()
endforeach()
`;
    const idf = `cmake_minimum_required(VERSION 3.16)\nset(ESP_PLATFORM 1)\nfunction(idf_component_register)\n${checkSources}message(STATUS "component: \${ARGN}")\nendfunction()\n`;
    project.write('idf/script.cmake', `${idf}include(${folder}/CMakeLists.txt)\n`);
    expect(run('cmake', ['-P', 'idf/script.cmake'], project.path)).toMatch(/component: SRCS;src\/tiny_scalar\.c;.*;INCLUDE_DIRS;src/);
    const zephyr = `set(CONFIG_WHITTLE_TINY y)\nfunction(zephyr_library)\nendfunction()\nfunction(zephyr_include_directories folder)\nif(NOT EXISTS \${CMAKE_CURRENT_LIST_DIR}/\${folder}/tiny.h)\nmessage(FATAL_ERROR "no header")\nendif()\nendfunction()\nfunction(zephyr_library_sources)\n${checkSources}message(STATUS "library: \${ARGN}")\nendfunction()\n`;
    project.write('zephyr/script.cmake', `${zephyr}include(${folder}/zephyr/CMakeLists.txt)\n`);
    expect(run('cmake', ['-P', 'zephyr/script.cmake'], project.path)).toContain('library: ../src/tiny_scalar.c');
  });
});
