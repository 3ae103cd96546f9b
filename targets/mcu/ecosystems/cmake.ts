/** A CMake package: add_subdirectory, FetchContent, or installed and found; the same CMakeLists.txt is the component of ESP-IDF. */
import { type CPackage, type Files, inputPorts, LIBRARY_VERSION, outputPorts, sourceFiles, summaryOf } from '../c-package.ts';

function lists(pkg: CPackage): string {
  const { library } = pkg.names;
  const sources = sourceFiles(pkg);
  return `cmake_minimum_required(VERSION 3.16)

if(ESP_PLATFORM)
  idf_component_register(SRCS ${sources.map((file) => `"${file}"`).join(' ')} INCLUDE_DIRS "src")
  return()
endif()

project(${library} VERSION ${LIBRARY_VERSION} LANGUAGES C DESCRIPTION "${summaryOf(pkg).replaceAll('"', "'")}")
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(${library} STATIC
${sources.map((file) => `  ${file}`).join('\n')}
)
add_library(${library}::${library} ALIAS ${library})
target_include_directories(${library} PUBLIC
  $<BUILD_INTERFACE:\${CMAKE_CURRENT_SOURCE_DIR}/src>
  $<INSTALL_INTERFACE:\${CMAKE_INSTALL_INCLUDEDIR}>
)
target_compile_features(${library} PUBLIC c_std_99)
set_target_properties(${library} PROPERTIES C_EXTENSIONS ON)
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
  # So that the linker drops what an application does not call.
  target_compile_options(${library} PRIVATE -ffunction-sections -fdata-sections)
endif()

install(TARGETS ${library} EXPORT ${library}Targets ARCHIVE DESTINATION \${CMAKE_INSTALL_LIBDIR})
install(FILES src/${library}.h DESTINATION \${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ${library}Targets NAMESPACE ${library}:: DESTINATION \${CMAKE_INSTALL_LIBDIR}/cmake/${library})
configure_package_config_file(${library}Config.cmake.in \${CMAKE_CURRENT_BINARY_DIR}/${library}Config.cmake
  INSTALL_DESTINATION \${CMAKE_INSTALL_LIBDIR}/cmake/${library})
write_basic_package_version_file(\${CMAKE_CURRENT_BINARY_DIR}/${library}ConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES \${CMAKE_CURRENT_BINARY_DIR}/${library}Config.cmake \${CMAKE_CURRENT_BINARY_DIR}/${library}ConfigVersion.cmake
  DESTINATION \${CMAKE_INSTALL_LIBDIR}/cmake/${library})
`;
}

const config = (library: string) => `@PACKAGE_INIT@
include("\${CMAKE_CURRENT_LIST_DIR}/${library}Targets.cmake")
check_required_components(${library})
`;

const exampleLists = (library: string) => `cmake_minimum_required(VERSION 3.16)
project(${library}_example LANGUAGES C)
# Installed, or as it lies here.
find_package(${library} QUIET)
if(NOT ${library}_FOUND)
  add_subdirectory(../.. ${library})
endif()
add_executable(example main.c)
target_link_libraries(example PRIVATE ${library}::${library})
`;

/** A program for hosted systems and for simulators with a C library; Zephyr and ESP-IDF have the same body. */
export function exampleBody(pkg: CPackage, indent = '  '): string {
  const { symbol, macro } = pkg.names;
  const input = inputPorts(pkg)[0];
  const output = outputPorts(pkg)[0];
  const length = (port: string) => `${macro}_${port.toUpperCase()}_LENGTH`;
  const value = output?.dtype === 'int8' ? `${symbol}_dequantize_${output.symbol}(y[i])` : 'y[i]';
  const label = pkg.model.metadata.labels ? `${symbol}_labels[i]` : '""';
  return [
    `const int fault = ${symbol}_selftest(${symbol}_arena);`,
    'printf("selftest %s (%d)\\n", fault == 0 ? "passed" : "failed", fault);',
    `${input?.cType} *x = ${symbol}_${input?.symbol}(${symbol}_arena);`,
    `for (uint32_t i = 0; i < ${length(input?.symbol ?? 'input')}; i++) x[i] = 0;`,
    `${symbol}_run(${symbol}_arena);`,
    `const ${output?.cType} *y = ${symbol}_${output?.symbol}(${symbol}_arena);`,
    // Thousandths: small C libraries print no floating-point numbers.
    `for (uint32_t i = 0; i < ${length(output?.symbol ?? 'output')}; i++) printf("%s %d/1000\\n", ${label}, (int)(${value} * 1000));`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join('');
}

const exampleMain = (pkg: CPackage) => `/* Tests the model, then runs it on an empty input and prints the outputs. */
#include <stdio.h>
#include "${pkg.names.library}.h"

int main(void) {
${exampleBody(pkg)}  return fault;
}
`;

export function cmakeFiles(pkg: CPackage): Files {
  const { library } = pkg.names;
  return {
    'CMakeLists.txt': lists(pkg),
    [`${library}Config.cmake.in`]: config(library),
    'examples/cmake/CMakeLists.txt': exampleLists(library),
    'examples/cmake/main.c': exampleMain(pkg),
  };
}
