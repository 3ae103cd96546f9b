/** Processor cores: how gcc is told of them. */

export type Core =
  | 'cortex-m0'
  | 'cortex-m0plus'
  | 'cortex-m3'
  | 'cortex-m4'
  | 'cortex-m7'
  | 'cortex-m33'
  | 'cortex-m55'
  | 'rv32imc'
  | 'xtensa-lx7';

/** Widest floating-point type that the core computes with instructions. */
export type Fpu = 'none' | 'single' | 'double';

export interface Compiler {
  /** gcc is this + `gcc`. */
  readonly prefix: string;
  readonly flags: readonly string[];
}

const fpuFlags: Partial<Record<Core, Partial<Record<Fpu, string>>>> = {
  'cortex-m4': { single: 'fpv4-sp-d16' },
  'cortex-m7': { single: 'fpv5-sp-d16', double: 'fpv5-d16' },
  'cortex-m33': { single: 'fpv5-sp-d16' },
  // With -mcpu=cortex-m55 the FPU and Helium go together.
  'cortex-m55': { single: 'auto', double: 'auto' },
};

/**
 * Flags of GNU compilers for the core; undefined where Debian has no such compiler: its Xtensa one is the ESP8266's, which knows
 * neither the LX7's floating-point unit nor its division, and brings no library functions for them.
 */
export function compilerOf(core: Core, fpu: Fpu): Compiler | undefined {
  if (core === 'xtensa-lx7') return undefined;
  if (core === 'rv32imc') return { prefix: 'riscv64-unknown-elf-', flags: ['-march=rv32imc', '-mabi=ilp32', '--specs=picolibc.specs'] };
  const unit = fpuFlags[core]?.[fpu];
  return {
    prefix: 'arm-none-eabi-',
    flags: [`-mcpu=${core}`, '-mthumb', ...(unit ? [`-mfpu=${unit}`, '-mfloat-abi=hard'] : ['-mfloat-abi=soft'])],
  };
}
