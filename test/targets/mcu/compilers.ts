/** C compilers of the boards, and the flags that the translated kernels must bear without a warning. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeC } from '../../../targets/mcu/build-runtime-c.ts';

export interface Core {
  readonly name: string;
  readonly gcc: string;
  readonly flags: readonly string[];
}

const arm = 'arm-none-eabi-gcc';
const thumb = (cpu: string, ...flags: string[]) => [`-mcpu=${cpu}`, '-mthumb', ...flags];

export const cores: readonly Core[] = [
  { name: 'Cortex-M0', gcc: arm, flags: thumb('cortex-m0') },
  { name: 'Cortex-M3', gcc: arm, flags: thumb('cortex-m3') },
  { name: 'Cortex-M4', gcc: arm, flags: thumb('cortex-m4', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16') },
  { name: 'Cortex-M7', gcc: arm, flags: thumb('cortex-m7', '-mfloat-abi=hard', '-mfpu=fpv5-d16') },
  { name: 'Cortex-M33', gcc: arm, flags: thumb('cortex-m33', '-mfloat-abi=hard', '-mfpu=fpv5-sp-d16') },
  { name: 'Cortex-M55', gcc: arm, flags: thumb('cortex-m55', '-mfloat-abi=hard') },
  { name: 'RV32IMC', gcc: 'riscv64-unknown-elf-gcc', flags: ['-march=rv32imc', '-mabi=ilp32'] },
  // Of the ESP8266: a part of the instructions of an ESP32-S3.
  { name: 'Xtensa', gcc: 'xtensa-lx106-elf-gcc', flags: [] },
  { name: 'x86-64', gcc: 'gcc', flags: [] },
];

export const warnings = ['-Wall', '-Wextra', '-Wconversion', '-Wsign-conversion', '-Wshadow', '-Wundef', '-pedantic', '-Werror'];

export type Standard = 'c99' | 'c11' | 'c++17';

/** A folder with the files of a runtime, removed when the scope ends. */
export class RuntimeFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'whittle-c-'));

  constructor(runtime: RuntimeC) {
    writeFileSync(join(this.path, 'whittle_runtime.c'), runtime.source);
    writeFileSync(join(this.path, 'whittle_runtime.h'), runtime.header);
    for (const [name, text] of runtime.portHeaders) writeFileSync(join(this.path, name), text);
  }

  /** What the compiler says: '' when it is content. */
  compile(core: Core, standard: Standard, flags: readonly string[], source = 'whittle_runtime.c'): string {
    const language = standard === 'c++17' ? ['-x', 'c++', '-fno-exceptions'] : [];
    const argv = [...core.flags, ...language, `-std=${standard}`, '-ffreestanding', ...warnings, ...flags, '-c', source, '-o', 'out.o'];
    const { status, stderr, error } = spawnSync(core.gcc, argv, { cwd: this.path, encoding: 'utf8' });
    if (error) throw error;
    return status === 0 ? stderr : `${core.gcc} ${argv.join(' ')}\n${stderr}`;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
