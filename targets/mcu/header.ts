/** src/<name>.h: the interface of an emitted C package. */
import { elementCount } from '../../compiler/graph.ts';
import { version } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { storedValueTables } from '../loader/convert.ts';
import { type CPackage, type CPort, inputPorts, LIBRARY_VERSION, outputPorts } from './c-package.ts';
import type { BoardImage } from './image.ts';
import { commentText, floatLiteral } from './names.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Words of the kernels' context, which lies at the end of the arena. */
export const CONTEXT_BYTES = 16;

/** What a caller must provide: tensors, workspace and context. */
export function arenaBytesOf(image: BoardImage): number {
  return image.arenaBytes + image.workspaceBytes + CONTEXT_BYTES;
}

/** When the compiler's target can run the vocabulary. */
const conditions: Readonly<Record<Vocabulary, string>> = {
  mve: 'defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)',
  dsp: 'defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)',
  scalar: '1',
};

function vocabularyDefinitions({ names, images, records }: CPackage): string {
  const { macro } = names;
  const facts = (image: BoardImage) => `/** Kernels: ${image.vocabulary}. */
#define ${macro}_VOCABULARY ${macro}_VOCABULARY_${image.vocabulary.toUpperCase()}
/** Bytes of RAM that \`arena\` points to, scratch memory included. */
#define ${macro}_ARENA_BYTES ${arenaBytesOf(image)}u
/** Bytes of constants. */
#define ${macro}_IMAGE_BYTES ${image.bytes.length}u
/** CRC-32 of the image's bytes 16 and following. */
#define ${macro}_IMAGE_CRC32 0x${new DataView(image.bytes.buffer).getUint32(12, true).toString(16).padStart(8, '0')}u
`;
  const branches = images.toReversed().map((image, i) => {
    const keyword = i === 0 ? '#if' : '#elif';
    return `${keyword} ${conditions[image.vocabulary]}\n${facts(image)}`;
  });
  const needed = images[0]?.vocabulary;
  const otherwise =
    needed === 'scalar' ? '' : `#else\n#error "${names.library}: made for the ${needed} kernels, which this core cannot run"\n`;
  return `#define ${macro}_VOCABULARY_SCALAR 0
#define ${macro}_VOCABULARY_DSP 1
#define ${macro}_VOCABULARY_MVE 2

${branches.join('')}${otherwise}#endif

/** CRC-32 of the packed model that this was made from. */
#define ${macro}_PACKED_CRC32 0x${records.crc32.toString(16).padStart(8, '0')}u`;
}

function portDefinitions({ names }: CPackage, port: CPort): string {
  const prefix = `${names.macro}_${port.symbol.toUpperCase()}`;
  const lines = [
    `/** ${port.kind === 'input' ? 'Input' : 'Output'} "${commentText(port.name)}": ${port.dtype} [${port.shape.join(', ')}]. */`,
    `#define ${prefix}_LENGTH ${elementCount(port.shape)}u`,
    `#define ${prefix}_BYTES ${port.bytes}u`,
    `#define ${prefix}_RANK ${port.shape.length}`,
    `#define ${prefix}_SHAPE {${port.shape.join(', ')}}`,
  ];
  if (port.dtype === 'int8') {
    lines.push(
      `/** real = scale * (integer - zero point) */`,
      `#define ${prefix}_SCALE ${floatLiteral(port.scale ?? 1)}`,
      `#define ${prefix}_ZERO_POINT (${port.zeroPoint ?? 0})`,
    );
  }
  return lines.join('\n');
}

/** Where the port lies: in the arena, or, when an output does not depend on the inputs, in the image. */
function portAccess({ names, records }: CPackage, port: CPort): string {
  const { symbol, macro } = names;
  const tensor = records.tensors[port.tensor];
  const name = `${symbol}_${port.symbol}`;
  if (port.kind === 'input') {
    return `/** Where to write the input; ${macro}_${port.symbol.toUpperCase()}_LENGTH elements, lost when the model runs. */
static inline ${port.cType} *${name}(void *arena) {
  return (${port.cType} *)(void *)((uint8_t *)arena + ${tensor?.offset ?? 0}u);
}`;
  }
  const isConstant = tensor?.region === format.REGION_CONSTANTS;
  const comment = `/** The output, until the model runs again or an input is written. */`;
  if (isConstant) return `${comment}\nconst ${port.cType} *${name}(const void *arena);`;
  return `${comment}
static inline const ${port.cType} *${name}(const void *arena) {
  return (const ${port.cType} *)(const void *)((const uint8_t *)arena + ${tensor?.offset ?? 0}u);
}`;
}

function conversions(pkg: CPackage, port: CPort): string {
  if (port.dtype !== 'int8') return '';
  const { symbol, macro } = pkg.names;
  const prefix = `${macro}_${port.symbol.toUpperCase()}`;
  if (port.kind === 'output') {
    return `
/** Real value of an element of the output. */
static inline float ${symbol}_dequantize_${port.symbol}(int8_t value) {
  return (float)((int)value - ${prefix}_ZERO_POINT) * ${prefix}_SCALE;
}
`;
  }
  return `
/** A real number as an element of the input: divided by the scale, rounded to nearest even, saturated; NaN becomes -128. */
static inline int8_t ${symbol}_quantize_${port.symbol}(float value) {
  const float quotient = value / ${prefix}_SCALE;
  if (!(quotient > -1024.0f)) return -128;
  if (quotient > 1024.0f) return 127;
  int whole = (int)quotient;
  if ((float)whole > quotient) whole -= 1;
  const float rest = quotient - (float)whole;
  const int rounded = whole + (rest > 0.5f || (rest == 0.5f && (whole & 1) != 0) ? 1 : 0) + ${prefix}_ZERO_POINT;
  return (int8_t)(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
}
${storedConversion(pkg, port)}`;
}

/** Whether stored values (pixels) have a meaning of their own: then a table converts them. */
export function storedPort(pkg: CPackage): CPort | undefined {
  const [port, ...others] = inputPorts(pkg);
  return port?.dtype === 'int8' && others.length === 0 && pkg.model.metadata.preprocess ? port : undefined;
}

/** Per channel, the element that each of the 256 stored values becomes. */
export function storedTables(pkg: CPackage, port: CPort): Int8Array[] {
  const { preprocess } = pkg.model.metadata;
  return storedValueTables({ ...port, ...(preprocess && { preprocess }) }).map((table) => Int8Array.from(table));
}

function storedConversion(pkg: CPackage, port: CPort): string {
  if (!storedPort(pkg)) return '';
  const { symbol, macro } = pkg.names;
  const channels = storedTables(pkg, port).length;
  const length = `${macro}_${port.symbol.toUpperCase()}_LENGTH`;
  const isPlanar = port.shape.length > 2 && port.shape.at(-1) !== channels && port.shape[1] === channels;
  const channel = channels === 1 ? '0' : isPlanar ? `i / (${length} / ${channels}u)` : `i % ${channels}u`;
  return `
/** What each stored value (a pixel, 0 to 255) becomes, per channel. */
extern const int8_t ${symbol}_stored_values[${channels}][256];

/** Writes stored values, in the order of the input's shape, as the model was trained to see them. */
static inline void ${symbol}_quantize_stored(int8_t *input, const uint8_t *stored) {
  for (uint32_t i = 0; i < ${length}; i++) input[i] = ${symbol}_stored_values[${channel}][stored[i]];
}
`;
}

export function header(pkg: CPackage): string {
  const { names, model } = pkg;
  const { symbol, macro, library } = names;
  const { labels } = model.metadata;
  const ports = [...inputPorts(pkg), ...outputPorts(pkg)];
  const largestPort = Math.max(...ports.filter(({ kind }) => kind === 'input').map(({ bytes }) => bytes));
  return `/**
 * ${commentText(model.metadata.name)}: a neural network for microcontrollers, made by whittle ${version}. Do not edit.
 *
 *     ${macro}_ALIGNED static uint8_t arena[${macro}_ARENA_BYTES];   // or ${symbol}_arena
 *     ${symbol}_init(arena);
 *     ... write ${symbol}_${ports[0]?.symbol ?? 'input'}(arena) ...
 *     ${symbol}_run(arena);
 *     ... read ${symbol}_${outputPorts(pkg)[0]?.symbol ?? 'output'}(arena) ...
 *
 * No heap, no static variables: every call works on the arena it is given, so several may be used at the same time.
 */
#ifndef ${macro}_H
#define ${macro}_H

#include <stdint.h>

/* The library's own version, and that of the program that wrote it. */
#define ${macro}_VERSION "${LIBRARY_VERSION}"
#define ${macro}_WHITTLE_VERSION "${version}"

${vocabularyDefinitions(pkg)}

/** Kernel calls of one inference. */
#define ${macro}_STEP_COUNT ${model.stepCount}u
${labels ? `#define ${macro}_LABEL_COUNT ${labels.length}u\n` : ''}
${ports.map((port) => portDefinitions(pkg, port)).join('\n\n')}

/** The arena lies at a multiple of this. */
#define ${macro}_ALIGNMENT ${format.SECTION_ALIGNMENT}
#if defined(__cplusplus) && __cplusplus >= 201103L
#define ${macro}_ALIGNED alignas(${macro}_ALIGNMENT)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define ${macro}_ALIGNED _Alignas(${macro}_ALIGNMENT)
#elif defined(__GNUC__)
#define ${macro}_ALIGNED __attribute__((aligned(${macro}_ALIGNMENT)))
#else
#define ${macro}_ALIGNED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Results of ${symbol}_init and ${symbol}_selftest. */
#define ${macro}_OK 0
/** The arena is missing, or lies at an address that is no multiple of ${macro}_ALIGNMENT. */
#define ${macro}_BAD_ARENA (-1)
/** The constants in flash are damaged. */
#define ${macro}_BAD_IMAGE (-2)

/** An arena of this library's own; linked only where it is used. */
extern uint8_t ${symbol}_arena[${macro}_ARENA_BYTES];

/** The constants, as they lie in flash. */
extern const uint32_t ${symbol}_image[${macro}_IMAGE_BYTES / 4u];

/** Checks the arena: ${macro}_OK or ${macro}_BAD_ARENA. Once, before anything else. */
int ${symbol}_init(void *arena);

${ports.map((port) => portAccess(pkg, port)).join('\n\n')}

/** One inference. */
void ${symbol}_run(void *arena);

/** Step 0 to ${macro}_STEP_COUNT - 1 of an inference: all of them, in order, are ${symbol}_run. For profiling and for comparing layers. */
void ${symbol}_run_step(void *arena, uint32_t step);

/** What a step has just computed. @param bytes may be 0 */
const void *${symbol}_step_output(const void *arena, uint32_t step, uint32_t *bytes);

/** Name of each step's layer in the model. */
extern const char *const ${symbol}_step_names[${macro}_STEP_COUNT];
${labels ? `\n/** Name of each class, in the order of the outputs. */\nextern const char *const ${symbol}_labels[${macro}_LABEL_COUNT];\n` : ''}
/**
 * Runs the model on known inputs and compares every layer with what it computed when it was made.
 * @return ${macro}_OK, ${macro}_BAD_ARENA, ${macro}_BAD_IMAGE, or 1 + the first step that differs
 *         (1 + ${macro}_STEP_COUNT: no step does, but ${symbol}_run)
 */
int ${symbol}_selftest(void *arena);
${ports.map((port) => conversions(pkg, port)).join('')}
#ifdef __cplusplus
}
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
static_assert(sizeof(void *) >= 4, "${library} needs addresses of 32 bits");
static_assert(${macro}_ARENA_BYTES >= ${largestPort}u, "the arena holds the input");
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(void *) >= 4, "${library} needs addresses of 32 bits");
_Static_assert(${macro}_ARENA_BYTES >= ${largestPort}u, "the arena holds the input");
#endif

#endif
`;
}
