/** What whittle knows of a board: plain data from the vendors' documents. A fact that nobody has checked is left out. */
import type { Vocabulary } from '../mcu/vocabulary.ts';
import type { Core, Fpu } from './cores.ts';

export interface Memory {
  readonly origin: number;
  readonly bytes: number;
}

/** Register layout of a serial port. */
export type UartDriver =
  /** STM32 F1, F2, F4, L1: SR, DR, BRR, CR1 */
  | 'stm32-usart'
  /** STM32 F0, F3, F7, G0, G4, H7, L0, L4, U5: CR1, BRR, ISR, RDR, TDR */
  | 'stm32-usart-v2'
  /** The same registers, but for the unit of BRR: STM32 L4, L5, U5, H7 */
  | 'stm32-lpuart'
  /** Arm PL011 */
  | 'pl011'
  /** Arm CMSDK APB UART */
  | 'cmsdk'
  /** nRF51 and nRF52 UART without EasyDMA */
  | 'nrf-uart'
  /** SERCOM of SAM D21 and D51, as a USART */
  | 'sercom'
  /** 16550 */
  | 'ns16550'
  | 'esp32';

/** The serial port that reaches the host: over the board's own USB bridge, or its pins. */
export interface Uart {
  /** As in the vendor's documents. */
  readonly name: string;
  readonly driver: UartDriver;
  readonly base: number;
  readonly tx?: string;
  readonly rx?: string;
}

export interface UsbId {
  readonly vendorId: number;
  readonly productId: number;
  /** Whose identity that is: of this board alone, of the debug probe on it, or of a chip's boot ROM. */
  readonly of: 'board' | 'probe' | 'bootloader';
}

/** What an STM32's boot ROM must be told and tells of its chip. */
export interface BootRom {
  /** The product identifier that Get ID answers (AN2606). */
  readonly productId: number;
  /** Sizes of the sectors (pages) that are erased at once, from the start of the flash, over and over. */
  readonly sectorsKB: readonly number[];
}

/** Ways to write the flash, by the words of the tools. */
export type Flasher =
  /** STM32 boot ROM on its UART (AN3155). */
  | ({ readonly kind: 'stm32-uart' } & BootRom)
  /**
   * A drive that takes UF2 files; the application begins at `origin`. `bytes`: where something lies behind it, too.
   * `boardId`: what Board-ID in the drive's INFO_UF2.TXT begins with. `sectorBytes`: where only whole sectors are written right.
   */
  | {
      readonly kind: 'uf2';
      readonly familyId: number;
      readonly boardId: string;
      readonly origin: number;
      readonly bytes?: number;
      readonly sectorBytes?: number;
    }
  /** ESP boot ROM. */
  | { readonly kind: 'esp'; readonly chip: string }
  /** A drive of the debug probe that takes .hex files (DAPLink, ST-LINK). */
  | { readonly kind: 'drive' }
  /** USB DFU of the boot ROM. */
  | { readonly kind: 'dfu'; readonly usb: UsbId }
  /** A debug probe: configuration files of OpenOCD (and commands between them), target names of pyOCD and probe-rs. */
  | {
      readonly kind: 'probe';
      readonly openocd?: readonly string[];
      readonly pyocd?: string;
      readonly probeRs?: string;
      /** Whether the probe is an ST-LINK, which stlink-tools (st-flash) speak to. */
      readonly stlink?: boolean;
      /** Whether addresses are those of an ESP's flash chip, not of the memory that a debugger sees. */
      readonly espFlash?: boolean;
    };

export interface Qemu {
  readonly system: 'qemu-system-arm' | 'qemu-system-riscv32';
  readonly machine: string;
}

export interface Board {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  readonly chip: string;
  readonly core: Core;
  readonly fpu: Fpu;
  readonly vocabulary: Vocabulary;
  /** Highest clock of the core. On QEMU: of its SysTick, or of the RISC-V timer. */
  readonly clockHz: number;
  /** Where code and constants lie, and all of it. */
  readonly flash: Memory;
  /** The largest contiguous RAM. */
  readonly ram: Memory;
  readonly uart?: Uart;
  readonly usb?: readonly UsbId[];
  /** The preferred one first; empty: none is needed. */
  readonly flashers: readonly Flasher[];
  readonly qemu?: Qemu;
}

export const KB = 1024;
export const MB = 1024 * KB;
export const MHz = 1_000_000;
