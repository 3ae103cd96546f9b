/** A Zephyr module, out of tree. */
import { type CPackage, type Files, sourceFiles } from '../c-package.ts';
import { exampleBody } from './cmake.ts';

/** Of the Kconfig symbol, without CONFIG_. */
export function kconfigSymbol({ names }: CPackage): string {
  return `WHITTLE_${names.macro}`;
}

export function zephyrFiles(pkg: CPackage): Files {
  const { library } = pkg.names;
  const symbol = kconfigSymbol(pkg);
  return {
    'zephyr/module.yml': `name: ${library}\nbuild:\n  cmake: zephyr\n  kconfig: zephyr/Kconfig\nsamples:\n  - examples/zephyr\n`,
    'zephyr/Kconfig': `config ${symbol}\n\tbool "Neural network ${library}"\n\thelp\n\t  Compiles the model and its kernels; no heap, no other dependency.\n`,
    'zephyr/CMakeLists.txt': `if(CONFIG_${symbol})
  zephyr_library()
  zephyr_library_sources(
${sourceFiles(pkg)
  .map((file) => `    ../${file}`)
  .join('\n')}
  )
  zephyr_include_directories(../src)
endif()
`,
    'examples/zephyr/CMakeLists.txt': `cmake_minimum_required(VERSION 3.20.0)
list(APPEND EXTRA_ZEPHYR_MODULES \${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(${library}_example)
target_sources(app PRIVATE src/main.c)
`,
    'examples/zephyr/prj.conf': `CONFIG_${symbol}=y\n# Faster where the core has one:\n# CONFIG_FPU=y\n`,
    'examples/zephyr/sample.yaml': `sample:
  name: ${library}
common:
  harness: console
  harness_config:
    type: one_line
    regex:
      - "selftest passed"
tests:
  ${library}.basic:
    tags: whittle
`,
    'examples/zephyr/src/main.c': `/* Tests the model, then runs it on an empty input and prints the outputs. */
#include <stdio.h>
#include "${library}.h"

int main(void) {
${exampleBody(pkg)}  return 0;
}
`,
  };
}
