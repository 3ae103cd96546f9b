/** Compiles the kernels for this workstation and runs board cases on them. */
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../compiler/root.ts';
import * as boardImage from '../../../runtime-as/board-image.ts';
import * as format from '../../../runtime-as/format.ts';
import { buildKernels, emitRuntime, kernelName, type RuntimeC } from '../../../targets/mcu/build-runtime-c.ts';
import { simplify } from '../../../targets/mcu/emit/simplify.ts';
import type { BoardImage } from '../../../targets/mcu/image.ts';
import type { Vocabulary } from '../../../targets/mcu/vocabulary.ts';

/** An image, and the arena before it runs. */
export interface NativeCase {
  readonly image: BoardImage;
  readonly arena: Uint8Array;
}

const sources = join(packageRoot, 'test', 'targets', 'mcu', 'native');

/** What sanitizers report ends the program. */
export const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g', '-DWHITTLE_KEEP_FLAGS'] as const;

export interface NativeOptions {
  readonly opcodes: readonly number[];
  readonly vocabulary: Vocabulary;
  /** Beside `-std=c99`. */
  readonly flags?: readonly string[];
  readonly compiler?: string;
  /** Translate with wabt's wasm2c instead, the module that computes what the vocabulary's instructions do. */
  readonly wasm2c?: boolean;
  /** That module with whittle's translation. */
  readonly isHost?: boolean;
}

const emitted = new Map<string, Promise<RuntimeC>>();

/** Translated once, compiled with many flags. */
function emittedRuntime(opcodes: readonly number[], vocabulary: Vocabulary, isHost: boolean): Promise<RuntimeC> {
  const key = `${vocabulary} ${isHost} ${opcodes}`;
  const runtime = emitted.get(key) ?? emitRuntime(opcodes, vocabulary, { isHost });
  emitted.set(key, runtime);
  return runtime;
}

/** A program in a folder of its own, which is removed when the scope ends. */
export class NativeRunner implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'whittle-native-'));

  static async build(options: NativeOptions): Promise<NativeRunner> {
    const runner = new NativeRunner();
    try {
      await runner.compile(options);
    } catch (error) {
      runner[Symbol.dispose]();
      throw error;
    }
    return runner;
  }

  private async compile({
    opcodes,
    vocabulary,
    flags = ['-O1'],
    compiler = 'gcc',
    wasm2c = false,
    isHost = wasm2c,
  }: NativeOptions): Promise<void> {
    const write = (name: string, content: string | Uint8Array) => writeFileSync(join(this.folder, name), content);
    for (const name of ['case-runner.c', 'wasm-rt.h']) copyFileSync(join(sources, name), join(this.folder, name));
    const unique = [...new Set(opcodes)];
    write('kernels.inc', unique.map((opcode) => `KERNEL(${opcode}, ${kernelName(opcode)})\n`).join(''));
    const context = Object.entries(format).filter(([name]) => name.startsWith('CONTEXT_'));
    write('context.h', context.map(([name, value]) => `#define ${name} ${value}\n`).join(''));
    if (wasm2c) {
      const module = simplify(await buildKernels(vocabulary, isHost), unique.map(kernelName));
      write('kernels.wasm', module.emitBinary());
      module.dispose();
      const program = join(packageRoot, 'node_modules', 'wabt', 'bin', 'wasm2c');
      // With SIMD its code needs libsimde-dev, which only MVE's vectors are worth.
      const simd = vocabulary === 'mve' ? [] : ['--disable-simd'];
      this.run(process.execPath, [program, ...simd, '-n', 'mcu', 'kernels.wasm', '-o', 'wasm2c.c']);
    } else {
      const runtime = await emittedRuntime(unique, vocabulary, isHost);
      write('whittle_runtime.c', runtime.source);
      write('whittle_runtime.h', runtime.header);
      for (const [name, text] of runtime.portHeaders) write(name, text);
    }
    const files = ['case-runner.c', wasm2c ? 'wasm2c.c' : 'whittle_runtime.c'];
    this.run(compiler, [...(wasm2c ? ['-DWASM2C'] : []), ...flags, '-I.', ...files, '-o', 'case-runner', '-lm']);
  }

  /** @param input a file of the folder, as standard input */
  private run(program: string, argv: readonly string[], input?: string): Buffer {
    const stdin = input ? openSync(join(this.folder, input), 'r') : 'ignore';
    const { status, signal, stdout, stderr, error } = spawnSync(program, argv, {
      cwd: this.folder,
      stdio: [stdin, 'pipe', 'pipe'],
      maxBuffer: 2 ** 30,
    });
    if (typeof stdin === 'number') closeSync(stdin);
    if (error) throw error;
    if (status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${signal ?? `exit ${status}`}\n${stderr.subarray(0, 4000)}`);
    return stdout;
  }

  /** The arenas after each case. */
  runCases(cases: readonly NativeCase[]): Uint8Array[] {
    const parts = cases.flatMap(({ image, arena }) => {
      const tensors = boardImage.IMAGE_HEADER_WORDS * 4;
      const head = [image.bytes.length, arena.length, image.workspaceBytes, image.steps.length, tensors];
      const words = Uint32Array.from([...head, ...image.steps.map((step) => step.recordOffset)]);
      return [new Uint8Array(words.buffer), image.bytes, arena];
    });
    writeFileSync(join(this.folder, 'cases'), Buffer.concat(parts));
    const output = this.run(join(this.folder, 'case-runner'), [], 'cases');
    let at = 0;
    return cases.map(({ arena }) => output.subarray(at, (at += arena.length)));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
