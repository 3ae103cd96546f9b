/** README.md and model-card.json of an emitted C package. */
import type { PackedPort } from '../../compiler/packed/metadata.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { version } from '../../compiler/root.ts';
import { type CPackage, inputPorts, LIBRARY_LICENSE, LIBRARY_VERSION, outputPorts, sourceFiles } from './c-package.ts';
import { kconfigSymbol } from './ecosystems/zephyr.ts';
import { arenaBytesOf, storedPort } from './header.ts';
import type { Cost } from './measure.ts';

function portRow({ name, dtype, shape, scale, zeroPoint = 0 }: PackedPort): string {
  const meaning = scale === undefined ? '' : `${Math.fround(scale)} · (q ${zeroPoint < 0 ? '+' : '-'} ${Math.abs(zeroPoint)})`;
  return `| ${name.replaceAll('|', '\\|')} | ${dtype} | ${shape.join(' x ')} | ${meaning} |`;
}

function costRow({ core, vocabulary, textBytes, flashBytes, ramBytes, stackBytes, method }: Cost): string {
  return `| ${core} | ${vocabulary} | ${textBytes} | ${flashBytes} | ${ramBytes} | ${stackBytes} | ${method === 'linked' ? 'linked' : 'at most'} |`;
}

function usage(pkg: CPackage): string {
  const { symbol, macro, library } = pkg.names;
  const input = inputPorts(pkg)[0];
  const output = outputPorts(pkg)[0];
  const write = storedPort(pkg)
    ? `${symbol}_quantize_stored(${symbol}_${input?.symbol}(arena), pixels);   /* uint8_t pixels[${macro}_${input?.symbol.toUpperCase()}_LENGTH] */`
    : `${input?.cType} *x = ${symbol}_${input?.symbol}(arena);   /* write ${macro}_${input?.symbol.toUpperCase()}_LENGTH elements */`;
  return `\`\`\`c
#include "${library}.h"

${macro}_ALIGNED static uint8_t arena[${macro}_ARENA_BYTES];

if (${symbol}_init(arena) != ${macro}_OK) { /* the arena is not aligned */ }
${write}
${symbol}_run(arena);
const ${output?.cType} *y = ${symbol}_${output?.symbol}(arena);
\`\`\``;
}

export function readme(pkg: CPackage, costs: readonly Cost[]): string {
  const { names, model, images } = pkg;
  const { symbol, macro, library } = names;
  const { inputs, outputs, name } = model.metadata;
  const image = images.at(-1);
  return `# ${library}

${name} for microcontrollers, made by whittle ${version}: C99 without heap or C library, weights in flash. \`${symbol}_selftest\` proves on the board that it computes what the compiler computed.

${usage(pkg)}

| tensor | dtype | shape | real value |
|---|---|---|---|
${[...inputs, ...outputs].map(portRow).join('\n')}

| core | kernels | code | flash | RAM | of it stack | |
|---|---|---|---|---|---|---|
${costs.map(costRow).join('\n')}

Bytes, with gcc -Os and --gc-sections. Constants: ${image?.bytes.length} bytes; arena: ${image ? arenaBytesOf(image) : 0} bytes, known at compile time (\`${macro}_ARENA_BYTES\`).

## Use it

- **CMake**: \`add_subdirectory(${library})\` or FetchContent, or install it and \`find_package(${library})\`; then \`target_link_libraries(app PRIVATE ${library}::${library})\`. See examples/cmake.
- **Arduino**: put this folder into \`libraries/\`, then File > Examples > ${library} > Basic.
- **PlatformIO**: put it into \`lib/\`.
- **Zephyr**: add it to \`EXTRA_ZEPHYR_MODULES\` and set \`CONFIG_${kconfigSymbol(pkg)}=y\`. See examples/zephyr.
- **ESP-IDF**: put it into \`components/\`. See examples/esp-idf.
- **Flash**: \`npx whittle flash PROGRAM.elf --board NAME\`; a board that has a firmware monitor takes this folder itself.
- **Anything else**: compile ${sourceFiles(pkg)
    .map((file) => `\`${file}\``)
    .join(', ')} with \`-ffunction-sections -fdata-sections\` and link with \`--gc-sections\`.

\`${macro}_SECTION\` (an attribute) places the constants elsewhere than the program's. \`${symbol}_run_step\` runs one layer at a time, for profiling. Several models link into one program; on 64-bit hosts the arena must be a static object.

Code: Apache-2.0 (LICENSE). The weights are those of your model. model-card.json says where it came from.
`;
}

export function modelCard(pkg: CPackage, costs: readonly Cost[]): string {
  const { names, model, images } = pkg;
  const { metadata } = model;
  const card = {
    name: metadata.name,
    library: names.library,
    version: LIBRARY_VERSION,
    codeLicense: LIBRARY_LICENSE,
    inputs: metadata.inputs,
    outputs: metadata.outputs,
    ...(metadata.labels && { labels: metadata.labels }),
    ...(metadata.preprocess && { preprocess: metadata.preprocess }),
    layers: model.opcodes.map((opcode, i) => ({ name: metadata.steps[i] ?? `step ${i}`, kernel: opcodeNames.get(opcode) })),
    floatIslands: metadata.floatIslands ?? [],
    provenance: metadata.provenance ?? {},
    images: images.map((image) => ({ kernels: image.vocabulary, bytes: image.bytes.length, arenaBytes: arenaBytesOf(image) })),
    costs,
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}
