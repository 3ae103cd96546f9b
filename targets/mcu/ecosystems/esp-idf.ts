/** A component of ESP-IDF (its CMakeLists.txt is the one of ecosystems/cmake.ts) with an example project. */
import { type CPackage, type Files, LIBRARY_LICENSE, LIBRARY_VERSION, summaryOf } from '../c-package.ts';
import { exampleBody } from './cmake.ts';

export function espIdfFiles(pkg: CPackage): Files {
  const { library } = pkg.names;
  return {
    'idf_component.yml': `version: "${LIBRARY_VERSION}"
description: ${JSON.stringify(summaryOf(pkg))}
${
  pkg.url === undefined
    ? ''
    : `url: ${pkg.url}
`
}license: ${LIBRARY_LICENSE}
tags:
  - tinyml
dependencies:
  idf: ">=5.0"
`,
    'examples/esp-idf/CMakeLists.txt': `cmake_minimum_required(VERSION 3.16)
include($ENV{IDF_PATH}/tools/cmake/project.cmake)
project(${library}_example)
`,
    'examples/esp-idf/main/CMakeLists.txt': 'idf_component_register(SRCS "main.c")\n',
    'examples/esp-idf/main/idf_component.yml': `dependencies:\n  ${library}:\n    version: "*"\n    override_path: "../../.."\n`,
    'examples/esp-idf/main/main.c': `/* Tests the model, then runs it on an empty input and prints the outputs. */
#include <stdio.h>
#include "${library}.h"

void app_main(void) {
${exampleBody(pkg)}}
`,
  };
}
