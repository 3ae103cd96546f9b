/** src/<name>_selftest.c: the model runs on known inputs and is compared with what the host computed. */
import { version } from '../../compiler/root.ts';
import { type CPackage, type CPort, inputPorts, outputPorts } from './c-package.ts';
import { GOLDEN_SEED, type Golden } from './golden.ts';

/** Outputs longer than this are compared by their CRC-32 alone. */
const LONGEST_LISTED = 1024;

const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}u`;

function lines(items: readonly string[], perLine: number): string {
  return Array.from(
    { length: Math.ceil(items.length / perLine) },
    (_, i) => `  ${items.slice(i * perLine, i * perLine + perLine).join(', ')},\n`,
  ).join('');
}

const fills: Readonly<Record<CPort['dtype'], string>> = {
  int8: 'x[i] = (int8_t)((int)(state >> 24) - (state >> 31 != 0u ? 256 : 0));',
  float32: 'x[i] = (float)((int)(state >> 16) - 32768) / 4096.0f;',
  int32: 'x[i] = (int32_t)(state >> 31);',
};

function fillInput({ names }: CPackage, port: CPort): string {
  const prefix = `${names.macro}_${port.symbol.toUpperCase()}`;
  return `  {
    ${port.cType} *x = ${names.symbol}_${port.symbol}(arena);
    for (uint32_t i = 0; i < ${prefix}_LENGTH; i++) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      ${fills[port.dtype]}
    }
  }
`;
}

function listed(golden: Golden, port: CPort): boolean {
  return (golden.outputs[port.index]?.length ?? 0) <= LONGEST_LISTED;
}

function expectedOutput(golden: Golden, port: CPort): string {
  const bytes = golden.outputs[port.index] as Uint8Array;
  const integers = Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  return `static const int8_t expected_${port.symbol}[${bytes.length}] = {\n${lines(integers.map(String), 20)}};\n`;
}

/** @param crc of the whole output */
function compareOutput({ names }: CPackage, golden: Golden, port: CPort, crc: number): string {
  const pointer = `(const uint8_t *)(const void *)${names.symbol}_${port.symbol}(arena)`;
  const bytes = `${names.macro}_${port.symbol.toUpperCase()}_BYTES`;
  if (!listed(golden, port)) return `  if (crc32(${pointer}, ${bytes}) != ${hex(crc)}) return (int)${names.macro}_STEP_COUNT + 1;\n`;
  return `  {
    const int8_t *y = (const int8_t *)(const void *)${names.symbol}_${port.symbol}(arena);
    for (uint32_t i = 0; i < ${bytes}; i++) {
      if (y[i] != expected_${port.symbol}[i]) return (int)${names.macro}_STEP_COUNT + 1;
    }
  }
`;
}

/** @param outputCrcs CRC-32 of each output */
export function selftestSource(pkg: CPackage, golden: Golden, outputCrcs: readonly number[]): string {
  const { symbol, macro, library } = pkg.names;
  const outputs = outputPorts(pkg);
  return `/* Self-test of ${library}, made by whittle ${version}: inputs of a fixed generator, and what each layer makes of them. */
#include "${library}.h"

/* CRC-32 (ISO-HDLC) of each step's output, right after the step. */
static const uint32_t expected_steps[${macro}_STEP_COUNT] = {
${lines(golden.steps.map(hex), 6)}};

/* The bytes of the outputs. */
${outputs
  .filter((port) => listed(golden, port))
  .map((port) => expectedOutput(golden, port))
  .join('')}
static uint32_t crc32(const uint8_t *bytes, uint32_t count) {
  uint32_t crc = 0xffffffffu;
  for (uint32_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

/* xorshift32 */
static void fill_inputs(void *arena) {
  uint32_t state = ${hex(GOLDEN_SEED)};
${inputPorts(pkg)
  .map((port) => fillInput(pkg, port))
  .join('')}}

int ${symbol}_selftest(void *arena) {
  const int status = ${symbol}_init(arena);
  if (status != ${macro}_OK) return status;
  if (crc32((const uint8_t *)(const void *)${symbol}_image + 16, ${macro}_IMAGE_BYTES - 16u) != ${macro}_IMAGE_CRC32) return ${macro}_BAD_IMAGE;
  fill_inputs(arena);
  for (uint32_t step = 0; step < ${macro}_STEP_COUNT; step++) {
    uint32_t bytes;
    const uint8_t *output;
    ${symbol}_run_step(arena, step);
    output = (const uint8_t *)${symbol}_step_output(arena, step, &bytes);
    if (crc32(output, bytes) != expected_steps[step]) return (int)step + 1;
  }
  /* Every step for itself is right: now all of them in one call. */
  fill_inputs(arena);
  ${symbol}_run(arena);
${outputs.map((port) => compareOutput(pkg, golden, port, outputCrcs[port.index] as number)).join('')}  return ${macro}_OK;
}
`;
}
