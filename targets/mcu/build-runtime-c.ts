/** The runtime of one model as C: the kernels of its opcodes, translated for a vocabulary of instructions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { packageRoot, version } from '../../compiler/root.ts';
import { buildCached, sourceFolder } from '../build-runtime.ts';
import { emitModule } from './emit/emit-module.ts';
import type { ImportedFunction } from './emit/refuse.ts';
import { simplify } from './emit/simplify.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Of board.ts: every vocabulary has them. */
const boardImports: readonly ImportedFunction[] = [{ name: 'board.round_product' }, { name: 'board.multiply_add' }];

/** Of dsp.ts. */
const dspNames = ['sxtb16', 'sxtb16_ror8', 'sxtab16', 'sxtab16_ror8', 'smlad', 'smlabb', 'smlatt', 'pack_saturated8', 'max8', 'min8'];

const dspImports: readonly ImportedFunction[] = dspNames.map((name) => ({ name: `dsp.${name}` }));

/** Of mve.ts, without those that access memory. */
const mveNames = [
  ...['dot8', 'make32', 'splat8', 'splat32', 'add32', 'clamp32', 'round_product', 'multiply8_even', 'multiply8_odd'],
  ...['add16', 'add_even16', 'add_odd16', 'pack_saturated8', 'clamp8'],
];

const imports: Readonly<Record<Vocabulary, readonly ImportedFunction[]>> = {
  scalar: boardImports,
  dsp: [...boardImports, ...dspImports],
  mve: [
    ...boardImports,
    ...dspImports,
    ...mveNames.map((name) => ({ name: `mve.${name}` })),
    { name: 'mve.load_first', reads: true },
    { name: 'mve.store_first', writes: true },
    { name: 'mve.store_low8', writes: true },
  ],
};

const boardHeaders = ['whittle_port.h', 'whittle_float.h', 'whittle_board.h'];

/** The headers of targets/mcu/c, each including the one before; the source includes the last. */
const portHeaders: Readonly<Record<Vocabulary, readonly string[]>> = {
  scalar: boardHeaders,
  dsp: [...boardHeaders, 'whittle_dsp.h'],
  mve: [...boardHeaders, 'whittle_dsp.h', 'whittle_mve.h'],
};

const cores: Readonly<Record<Vocabulary, string>> = { scalar: 'every core', dsp: 'the DSP extension', mve: 'MVE with float' };

export interface RuntimeOptions {
  /** Put before the names of the kernels' functions; different for every model that may be linked into one program. */
  readonly prefix?: string;
  /** File name of the header, as the source includes it. */
  readonly header?: string;
  /** No instructions of the vocabulary, but what they compute: for tests. */
  readonly isHost?: boolean;
}

export interface RuntimeC {
  /** Definitions of the kernels: one C file, which compiles as C++ too. */
  readonly source: string;
  /** Declarations of the kernels' functions. */
  readonly header: string;
  /** Hand-written headers that must lie beside the source: file name → text. */
  readonly portHeaders: ReadonlyMap<string, string>;
  /** Opcode → its function `void f(uint32_t step, uint32_t context, uint32_t prepared)`. */
  readonly functions: ReadonlyMap<number, string>;
}

/** The export of mcu.ts that runs an opcode: CONV2D_INT8 → runConv2dInt8. */
export function kernelName(opcode: number): string {
  const words = (opcodeNames.get(opcode) as string).toLowerCase().split('_');
  return `run${words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')}`;
}

/** The vocabularies that have kernels. */
export const translatedVocabularies = Object.keys(imports) as readonly Vocabulary[];

/**
 * Every kernel of a vocabulary as one WASM module with names, not optimized: the translation does that.
 * @param isHost the module computes what the vocabulary's instructions do, instead of importing them
 */
export async function buildKernels(vocabulary: Vocabulary, isHost = false): Promise<Uint8Array> {
  const flags = ['KERNEL_ALL=1', 'VARIANT_BOARD=1', 'abort='];
  if (vocabulary !== 'scalar') flags.push(`VARIANT_${vocabulary.toUpperCase()}=1`);
  if (isHost) flags.push('VARIANT_HOST=1');
  const uses = flags.flatMap((flag) => ['--use', flag]);
  // No configuration file: index.ts, its entry, is the interface for hosts with a WASM engine.
  const plain = ['--config', 'none', '--debug', '--noAssert', '--runtime', 'stub', '--importMemory'];
  plain.push(vocabulary === 'mve' ? '--enable' : '--disable', 'simd');
  return buildCached(['mcu.ts', '--baseDir', sourceFolder, '--outFile', 'mcu.wasm', ...plain, ...uses]);
}

/** @param opcodes the model's opcodes, repeats allowed */
export async function emitRuntime(opcodes: readonly number[], vocabulary: Vocabulary, options: RuntimeOptions = {}): Promise<RuntimeC> {
  const { prefix = 'whittle_', header = 'whittle_runtime.h', isHost = false } = options;
  const headers = portHeaders[vocabulary];
  const imported = imports[vocabulary];
  const unique = [...new Set(opcodes)].sort((a, b) => a - b);
  const module = simplify(await buildKernels(vocabulary, isHost), unique.map(kernelName));
  const { declarations, definitions } = emitModule(module, { prefix, imports: isHost ? [] : imported });
  module.dispose();
  return {
    source: `${banner(`kernels for ${cores[vocabulary]}`)}#include "${header}"
#include "${headers.at(-1)}"

${anchor}
${definitions}`,
    header: `${banner('the kernels: called by the model with addresses (whittle_port.h)')}#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
${declarations}
#ifdef __cplusplus
}
#endif
`,
    portHeaders: new Map(headers.map((name) => [name, readFileSync(join(packageRoot, 'targets', 'mcu', 'c', name), 'utf8')])),
    functions: new Map(unique.map((opcode) => [opcode, prefix + kernelName(opcode)])),
  };
}

function banner(what: string): string {
  return `/* Made by whittle ${version}: ${what}. Apache-2.0. */\n`;
}

/** Weak, because every model of a program brings one. */
const anchor = `#if UINTPTR_MAX > 0xffffffffu
WHITTLE_WEAK unsigned char whittle_anchor[16] = {0};
#endif
`;
