/** src/<name>.c: the board image as constants, and the calls of one inference. */

import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { version } from '../../compiler/root.ts';
import * as boardImage from '../../runtime-as/board-image.ts';
import * as format from '../../runtime-as/format.ts';
import { type CPackage, type CPort, inputPorts, outputPorts, runtimeFile } from './c-package.ts';
import { storedPort, storedTables } from './header.ts';
import type { BoardImage } from './image.ts';
import { commentText, stringLiteral } from './names.ts';

/** "conv2d int8" */
function operatorText(opcode: number): string {
  return (opcodeNames.get(opcode) ?? String(opcode)).toLowerCase().replaceAll('_', ' ');
}

/** A comment for the word at each offset where something begins. */
function landmarks(image: BoardImage): Map<number, string> {
  const view = new DataView(image.bytes.buffer);
  const header = (index: number) => view.getUint32(index * 4, true);
  const tensors = boardImage.IMAGE_HEADER_WORDS * 4;
  const ports = tensors + header(boardImage.IMAGE_TENSOR_COUNT) * format.TENSOR_WORDS * 4;
  const marks = new Map([
    [0, 'header: magic, version, bytes, CRC-32, vocabulary, packed CRC-32, arena and workspace bytes, counts'],
    [tensors, 'tensors: dtype and region, offset, bytes'],
    [ports, 'ports: tensor, scale, zero point'],
  ]);
  const layer = (step: number) => `step ${step} "${commentText(image.steps[step]?.name ?? 'output')}"`;
  image.steps.forEach(({ opcode, recordOffset }, i) => {
    marks.set(recordOffset - boardImage.STEP_PREFIX_WORDS * 4, `${layer(i)}: ${operatorText(opcode)}`);
  });
  for (const { offset, bytes, step, content } of image.parts) {
    const what = content === 'prepared' ? 'weights, biases and multipliers as the kernel reads them' : `operand ${content}`;
    marks.set(offset, `${layer(step)}: ${what}, ${bytes} bytes`);
  }
  return marks;
}

const WORDS_PER_LINE = 8;

function imageWords(image: BoardImage): string {
  const view = new DataView(image.bytes.buffer);
  const marks = landmarks(image);
  const lines: string[] = [];
  let line: string[] = [];
  const endLine = () => {
    if (line.length) lines.push(`  ${line.join(', ')},\n`);
    line = [];
  };
  for (let offset = 0; offset < image.bytes.length; offset += 4) {
    const mark = marks.get(offset);
    if (mark || line.length === WORDS_PER_LINE) endLine();
    if (mark) lines.push(`  /* ${offset}: ${mark} */\n`);
    line.push(`0x${view.getUint32(offset, true).toString(16).padStart(8, '0')}u`);
  }
  endLine();
  return lines.join('');
}

function kernelCall({ opcode, recordOffset, preparedOffset }: BoardImage['steps'][number], functions: ReadonlyMap<number, string>): string {
  const prepared = preparedOffset === 0 ? '0u' : `image + ${preparedOffset}u`;
  return `${functions.get(opcode)}(image + ${recordOffset}u, context, ${prepared});`;
}

function strings(values: readonly string[]): string {
  return values.map((value) => `  ${stringLiteral(value)},\n`).join('');
}

function outputTable(pkg: CPackage): string {
  return pkg.records.steps
    .map(({ operands }) => {
      const tensor = pkg.records.tensors[operands.at(-1) as number];
      return `    {${tensor?.offset}u, ${tensor?.bytes}u},\n`;
    })
    .join('');
}

/** Outputs that no step computes lie in the image. */
function constantOutputs(pkg: CPackage, image: BoardImage, ports: readonly CPort[]): string {
  const { symbol } = pkg.names;
  const view = new DataView(image.bytes.buffer);
  const tensorsOffset = boardImage.IMAGE_HEADER_WORDS * 4;
  const portsOffset = tensorsOffset + view.getUint32(boardImage.IMAGE_TENSOR_COUNT * 4, true) * format.TENSOR_WORDS * 4;
  const inputCount = inputPorts(pkg).length;
  return ports
    .filter(({ tensor }) => pkg.records.tensors[tensor]?.region === format.REGION_CONSTANTS)
    .map(({ cType, symbol: port, index }) => {
      const tensor = view.getUint32(portsOffset + (inputCount + index) * boardImage.PORT_WORDS * 4 + boardImage.PORT_TENSOR * 4, true);
      const offset = view.getUint32(tensorsOffset + (tensor * format.TENSOR_WORDS + format.TENSOR_OFFSET) * 4, true);
      return `
const ${cType} *${symbol}_${port}(const void *arena) {
  (void)arena;
  return (const ${cType} *)(const void *)&${symbol}_image[${offset / 4}];
}
`;
    })
    .join('');
}

function storedValues(pkg: CPackage): string {
  const port = storedPort(pkg);
  if (!port) return '';
  const rows = storedTables(pkg, port).map((table) => {
    const lines = Array.from(
      { length: 16 },
      (_, i) => `   ${[...table.subarray(i * 16, i * 16 + 16)].map((value) => ` ${value},`).join('')}\n`,
    );
    return `  {\n${lines.join('')}  },\n`;
  });
  return `\nconst int8_t ${pkg.names.symbol}_stored_values[${rows.length}][256] = {\n${rows.join('')}};\n`;
}

/** @param functions opcode → name of the kernel */
export function modelSource(pkg: CPackage, image: BoardImage, functions: ReadonlyMap<number, string>): string {
  const { names, images, model } = pkg;
  const { symbol, macro, library } = names;
  const { labels } = model.metadata;
  const stepNames = image.steps.map(({ name }) => name);
  return `/* ${commentText(model.metadata.name)} for the ${image.vocabulary} kernels, made by whittle ${version}. Do not edit. */
#include "${library}.h"

#if ${macro}_VOCABULARY == ${macro}_VOCABULARY_${image.vocabulary.toUpperCase()}

#include "${runtimeFile(names, images, image.vocabulary).replace(/c$/, 'h')}"
#include "whittle_port.h"

/* Where the constants lie, when they shall not lie with the program's own: for example __attribute__((section(".qspi"))). */
#ifndef ${macro}_SECTION
#define ${macro}_SECTION
#endif

${macro}_ALIGNED ${macro}_SECTION const uint32_t ${symbol}_image[${macro}_IMAGE_BYTES / 4u] = {
${imageWords(image)}};

${macro}_ALIGNED uint8_t ${symbol}_arena[${macro}_ARENA_BYTES];

const char *const ${symbol}_step_names[${macro}_STEP_COUNT] = {
${strings(stepNames)}};
${labels ? `\nconst char *const ${symbol}_labels[${macro}_LABEL_COUNT] = {\n${strings(labels)}};\n` : ''}${storedValues(pkg)}
int ${symbol}_init(void *arena) {
  return arena != 0 && (uintptr_t)arena % ${macro}_ALIGNMENT == 0u ? ${macro}_OK : ${macro}_BAD_ARENA;
}

/* The two address spaces of the kernels, behind tensors and workspace; returns their address. */
static uint32_t write_context(void *arena, uint32_t image) {
  const uint32_t tensors = whittle_address(arena);
  const uint32_t context = tensors + ${image.arenaBytes + image.workspaceBytes}u;
  store_u32(context + ${format.CONTEXT_CONSTANTS * 4}u, image);
  store_u32(context + ${format.CONTEXT_ARENA * 4}u, tensors);
  store_u32(context + ${format.CONTEXT_TENSORS * 4}u, image + ${boardImage.IMAGE_HEADER_WORDS * 4}u);
  store_u32(context + ${format.CONTEXT_WORKSPACE * 4}u, tensors + ${image.arenaBytes}u);
  return context;
}

void ${symbol}_run(void *arena) {
  const uint32_t image = whittle_address(${symbol}_image);
  const uint32_t context = write_context(arena, image);
${image.steps.map((step) => `  /* ${commentText(step.name)} */\n  ${kernelCall(step, functions)}\n`).join('')}}

void ${symbol}_run_step(void *arena, uint32_t step) {
  const uint32_t image = whittle_address(${symbol}_image);
  const uint32_t context = write_context(arena, image);
  switch (step) {
${image.steps.map((step, i) => `    case ${i}:\n      ${kernelCall(step, functions)}\n      break;\n`).join('')}    default:
      break;
  }
}

const void *${symbol}_step_output(const void *arena, uint32_t step, uint32_t *bytes) {
  static const uint32_t places[${macro}_STEP_COUNT][2] = {
${outputTable(pkg)}  };
  if (bytes != 0) *bytes = places[step][1];
  return (const uint8_t *)arena + places[step][0];
}
${constantOutputs(pkg, image, outputPorts(pkg))}
#endif
`;
}
