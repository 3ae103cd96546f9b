/** Functions in WebAssembly text, run as WASM here and as C on this workstation. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { expect } from 'vitest';
import { packageRoot } from '../../../../compiler/root.ts';
import { emitModule } from '../../../../targets/mcu/emit/emit-module.ts';
import { simplify } from '../../../../targets/mcu/emit/simplify.ts';

export type WasmType = 'i32' | 'i64' | 'f32' | 'f64';

export interface WasmFunction {
  /** Name of the export, a C identifier. */
  readonly name: string;
  /** The first parameter is not among `parameters`: it is the address of 64 bytes of memory. */
  readonly usesMemory?: boolean;
  readonly parameters: readonly WasmType[];
  readonly result: WasmType;
  /** Calls: per parameter the bits. */
  readonly calls: readonly (readonly bigint[])[];
}

const view = new DataView(new ArrayBuffer(8));

export function bitsOf(type: WasmType, value: number | bigint): bigint {
  if (type === 'i32') return BigInt.asUintN(32, BigInt(value));
  if (type === 'i64') return BigInt.asUintN(64, BigInt(value));
  if (type === 'f32') view.setFloat32(0, value as number);
  else view.setFloat64(0, value as number);
  return type === 'f32' ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
}

function valueOf(type: WasmType, bits: bigint): number | bigint {
  if (type === 'i32') return Number(BigInt.asIntN(32, bits));
  if (type === 'i64') return BigInt.asIntN(64, bits);
  if (type === 'f32') view.setUint32(0, Number(bits));
  else view.setBigUint64(0, bits);
  return type === 'f32' ? view.getFloat32(0) : view.getFloat64(0);
}

const cTypes = { i32: 'uint32_t', i64: 'uint64_t', f32: 'float', f64: 'double' } as const;

function fromBits(type: WasmType, text: string): string {
  return type.startsWith('f') ? `${type}_of_bits((${type === 'f32' ? 'uint32_t' : 'uint64_t'})${text})` : `(${cTypes[type]})${text}`;
}

/** One case of the C program: calls the function with every tuple and prints the bits of the results. */
function printer({ name, parameters, result, calls, usesMemory }: WasmFunction, index: number): string {
  const rows = calls.map((bits) => `{${bits.map((word) => `0x${word.toString(16)}ull`).join(', ') || '0'}}`);
  const values = parameters.map((type, i) => fromBits(type, `calls_${index}[i][${i}]`));
  const called = `${name}(${[...(usesMemory ? ['whittle_address(memory)'] : []), ...values].join(', ')})`;
  const bits = result.startsWith('f') ? `bits_of_${result}(${called})` : called;
  return `static const uint64_t calls_${index}[${calls.length}][${Math.max(1, parameters.length)}] = {${rows.join(',\n')}};
static void print_${index}(void) {
  for (unsigned i = 0; i < ${calls.length}u; i++) printf("%llx\\n", (unsigned long long)${bits});
}
`;
}

/** Translates the text. @param flags of gcc */
export function runAsC(text: string, functions: readonly WasmFunction[], flags: readonly string[]): bigint[][] {
  const module = simplify(
    binaryen.parseText(text).emitBinary(),
    functions.map(({ name }) => name),
  );
  const { declarations, definitions } = emitModule(module, { prefix: '', imports: [] });
  const folder = mkdtempSync(join(tmpdir(), 'whittle-both-'));
  try {
    const main = `int main(void) {\n${functions.map((_, i) => `  print_${i}();\n`).join('')}  return 0;\n}\n`;
    const anchor = 'unsigned char whittle_anchor[16];\n';
    const headers = '#include <stdio.h>\n#include "whittle_float.h"\nuint64_t memory[8];\n';
    writeFileSync(join(folder, 'both.c'), [headers, anchor, declarations, definitions, ...functions.map(printer), main].join('\n'));
    const include = join(packageRoot, 'targets', 'mcu', 'c');
    // What random code does on purpose needs no warning.
    const warnings = [
      '-Wall',
      '-Wextra',
      '-Werror',
      '-Wno-tautological-compare',
      '-Wno-type-limits',
      '-Wno-int-in-bool-context',
      '-Wno-bool-compare',
    ];
    execFileSync('gcc', [...warnings, ...flags, `-I${include}`, 'both.c', '-o', 'both'], { cwd: folder, stdio: 'pipe' });
    const printed = execFileSync(join(folder, 'both'), { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: 'pipe' }).split('\n');
    let line = 0;
    return functions.map(({ calls }) => calls.map(() => BigInt(`0x${printed[line++]}`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The results of a function's calls here; undefined where it traps. */
export async function runAsWasm(text: string, functions: readonly WasmFunction[]): Promise<(bigint | undefined)[][]> {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binaryen.parseText(text).emitBinary()));
  return functions.map(({ name, parameters, result, calls, usesMemory }) =>
    calls.map((bits) => {
      const run = instance.exports[name] as (...values: (number | bigint)[]) => number | bigint;
      try {
        const first = usesMemory ? [1024] : [];
        return bitsOf(result, run(...first, ...bits.map((word, i) => valueOf(parameters[i] as WasmType, word))));
      } catch {
        return undefined;
      }
    }),
  );
}

/** Every call gives the same bits both ways; calls that trap here are left out, since C has no meaning for them. */
export async function expectSameBothWays(text: string, functions: readonly WasmFunction[], flags: readonly string[]): Promise<void> {
  const expected = await runAsWasm(text, functions);
  const defined = functions.map((fn, i) => ({ ...fn, calls: fn.calls.filter((_, k) => expected[i]?.[k] !== undefined) }));
  const wanted = expected.map((results) => results.filter((bits) => bits !== undefined));
  const actual = runAsC(text, defined, flags);
  for (const [i, { name, result, calls }] of defined.entries()) {
    const isSame = (k: number) => {
      const [a, b] = [wanted[i]?.[k], actual[i]?.[k]] as [bigint, bigint];
      // WASM leaves the bits of a NaN open.
      return a === b || (result.startsWith('f') && Number.isNaN(valueOf(result, a)) && Number.isNaN(valueOf(result, b)));
    };
    const wrong = calls.findIndex((_, k) => !isSame(k));
    if (wrong >= 0)
      expect.fail(
        `${name}(${calls[wrong]?.map((bits) => `0x${bits.toString(16)}`)}) is ${actual[i]?.[wrong]?.toString(16)}, as WASM ${wanted[i]?.[wrong]?.toString(16)}`,
      );
  }
}
