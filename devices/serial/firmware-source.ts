/** The parts of the firmware that are printed from data: headers of constants, the board's header, the linker script. */

import { version } from '../../compiler/root.ts';
import type { Board, UartDriver } from '../../targets/boards/board.ts';
import { translatedVocabularies } from '../../targets/mcu/build-runtime-c.ts';
import { type Vocabulary, vocabularyCodes } from '../../targets/mcu/vocabulary.ts';
import type { RegisterStep } from './register-steps.ts';
import type { Wiring } from './wiring.ts';

/** The constants of a TypeScript file of integers (format.ts, protocol.ts) as C macros. */
export function constantsHeader(constants: Readonly<Record<string, number>>): string {
  const lines = Object.entries(constants).map(([name, value]) => `#define ${name} ${value > 0x7fffffff ? `${value}u` : value}`);
  return `#pragma once\n${lines.join('\n')}\n`;
}

const uartFiles: Partial<Record<UartDriver, string>> = {
  cmsdk: 'uart_cmsdk.c',
  'stm32-usart': 'uart_stm32_sr.c',
  'stm32-usart-v2': 'uart_stm32_isr.c',
  'stm32-lpuart': 'uart_stm32_isr.c',
  'nrf-uart': 'uart_nrf.c',
  pl011: 'uart_pl011.c',
  sercom: 'uart_sercom.c',
  ns16550: 'uart_ns16550.c',
  esp32: 'uart_esp32.c',
};

function coreFiles(board: Board, { esp }: Wiring): readonly string[] {
  if (board.core === 'xtensa-lx7') return ['cpu_xtensa.c', 'clock_ccount.c', 'arithmetic_xtensa.c', 'float_xtensa.c'];
  if (board.core.startsWith('rv32')) return ['cpu_rv32.c', esp ? 'clock_mpccr.c' : 'clock_mcycle.c'];
  return ['cpu_cortex_m.c'];
}

/** The sources that differ from board to board; undefined: the monitor has no driver for its UART. */
export function boardSources(board: Board, wiring: Wiring): string[] | undefined {
  const { memory, boot } = wiring;
  const uart = board.uart && uartFiles[board.uart.driver];
  if (!uart) return undefined;
  return [uart, ...coreFiles(board, wiring), `flash_${memory.driver}.c`, ...(boot ? [`boot_${boot}.c`] : [])];
}

/** The best vocabulary of the board that there are translated kernels for. */
export function monitorVocabulary({ vocabulary }: Board): Vocabulary {
  return translatedVocabularies.findLast((known) => vocabularyCodes[known] <= vocabularyCodes[vocabulary]) as Vocabulary;
}

/** Opcode → kernel. */
export function dispatchSource(functions: ReadonlyMap<number, string>): string {
  const entries = [...functions];
  return `#include "runtime.h"
#include "whittle_runtime.h"

int runtime_includes(uint32_t opcode)
{
  switch (opcode) {
${entries.map(([opcode]) => `  case ${opcode}:`).join('\n')}${entries.length ? '\n    return 1;' : ''}
  default:
    return 0;
  }
}

void runtime_run(uint32_t record, uint32_t context, uint32_t prepared)
{
  /* A monitor without kernels uses neither. */
  (void)context, (void)prepared;
  switch (*(const uint32_t *)(uintptr_t)record & 0xff) {
${entries.map(([opcode, name]) => `  case ${opcode}: ${name}(record, context, prepared); break;`).join('\n')}
  default: break;
  }
}
`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}u`;
}

/** Bytes of a frame's payload: boards with little RAM take shorter frames. */
export function payloadBytes(board: Board): number {
  return board.ram.bytes <= 32 * 1024 ? 256 : 1024;
}

export function stackBytes(board: Board): number {
  return board.ram.bytes <= 32 * 1024 ? 1024 : 2048;
}

function registerStep({ address, mask, value, waits, bits = 32 }: RegisterStep): string {
  const register = `*(volatile uint${bits}_t *)${hex(address)}`;
  return waits
    ? `  while ((${register} & ${hex(mask)}) != ${hex(value)}) continue;`
    : `  ${register} = (${register} & ~${hex(mask)}) | ${hex(value)};`;
}

/** board.h */
export function boardHeader(board: Board, wiring: Wiring): string {
  const { memory, power = [], start = [], pins, pads, interrupt, reset, esp } = wiring;
  const clockHz = wiring.clockHz ?? board.clockHz;
  const slots = memory.slots.map(({ origin, bytes, writable }) => `{ ${hex(origin)}, ${hex(bytes)}, ${Number(writable)} }`);
  const isArm = board.core.startsWith('cortex');
  const isSmall = board.core === 'cortex-m0' || board.core === 'cortex-m0plus';
  const definitions: Record<string, string | number> = {
    WHITTLE_VERSION: JSON.stringify(version),
    BOARD_NAME: JSON.stringify(board.name),
    BOARD_CORE: JSON.stringify(board.core),
    BOARD_INFO_BYTES: board.name.length + board.core.length + version.length + 3 + 16,
    BOARD_VOCABULARY: vocabularyCodes[monitorVocabulary(board)],
    BOARD_CLOCK_HZ: `${clockHz}u`,
    BOARD_PAYLOAD_BYTES: payloadBytes(board),
    BOARD_UART_ADDRESS: hex(board.uart?.base ?? 0),
    BOARD_UART_CLOCK_HZ: `${wiring.uartClockHz ?? clockHz}u`,
    BOARD_UART_BAUD: 115200,
    // The divider of a low-power UART counts 256ths.
    BOARD_UART_FRACTIONS: board.uart?.driver === 'stm32-lpuart' ? 256 : 1,
    ...(interrupt !== undefined && { BOARD_UART_IRQ: interrupt, BOARD_INTERRUPTS: Math.ceil((interrupt + 1) / 16) * 16 }),
    BOARD_HAS_FPU: Number(board.fpu !== 'none'),
    BOARD_HAS_CACHES: Number(wiring.caches === true),
    BOARD_HAS_VTOR: Number(isArm && board.core !== 'cortex-m0'),
    BOARD_NVIC_WORDS: isSmall ? 1 : 8,
    BOARD_HAS_DWT: Number(isArm && !isSmall),
    BOARD_SLOT_COUNT: memory.slots.length,
    BOARD_SLOTS: `{ ${slots.join(', ')} }`,
    BOARD_PERSISTENT: Number(memory.persistent),
    ...(memory.eraseBytes !== undefined && { FLASH_ERASE_BYTES: `${memory.eraseBytes}u` }),
    ...(memory.bankBytes !== undefined && { FLASH_BANK_BYTES: `${memory.bankBytes}u` }),
    FLASH_WRITE_BYTES: `${memory.writeBytes}u`,
    ...(pins && { BOARD_UART_TX_PIN: pins.tx, BOARD_UART_RX_PIN: pins.rx }),
    ...(pads !== undefined && { BOARD_UART_PADS: hex(pads) }),
    BOARD_FLASH_IS_MAPPED: Number(esp !== undefined),
    ...(esp && { BOARD_FLASH_ADDRESS: hex(board.flash.origin), BOARD_FLASH_BYTES: `${board.flash.bytes}u` }),
    ...(reset && { BOARD_RESET_ADDRESS: hex(reset.address), BOARD_RESET_VALUE: hex(reset.value) }),
    // QEMU's virt.
    ...(board.qemu && !isArm && { BOARD_PLIC_ADDRESS: hex(0x0c000000) }),
  };
  const lines = Object.entries(definitions).map(([name, value]) => `#define ${name} ${value}`);
  return `#pragma once
#include <stdint.h>
${lines.join('\n')}

/* Before anything is written to RAM. */
static inline void board_power(void)
{
${power.map(registerStep).join('\n')}
}

/* Clocks and pins of the UART. */
static inline void board_start(void)
{
${start.map(registerStep).join('\n')}
}
`;
}

/** The linker script. RAM from low to high: data, what survives a restart, heap (arena and workspace), stack. */
export function linkerScript(board: Board, wiring: Wiring): string {
  const { origin, bytes } = wiring.firmware ?? board.flash;
  const { ram } = board;
  return `MEMORY
{
  FLASH (rx) : ORIGIN = ${origin}, LENGTH = ${bytes}
  RAM (rwx) : ORIGIN = ${ram.origin}, LENGTH = ${wiring.ramBytes ?? ram.bytes}
}
SECTIONS
{
  .text : { KEEP(*(.boot)) KEEP(*(.vectors)) KEEP(*(.image_definition)) *(.text*) *(.rodata* .srodata*) . = ALIGN(8); } > FLASH
  .ARM.exidx : { *(.ARM.exidx*) } > FLASH
  .data : { _data_start = .; *(.ramcode*) *(.data* .sdata*) . = ALIGN(4); _data_end = .; } > RAM AT > FLASH
  _data_load = LOADADDR(.data);
  .bss (NOLOAD) : { _bss_start = .; *(.bss* .sbss* COMMON) . = ALIGN(4); _bss_end = .; } > RAM
  .noinit (NOLOAD) : { *(.noinit*) . = ALIGN(16); } > RAM
  _heap_start = .;
  _stack_top = ORIGIN(RAM) + LENGTH(RAM);
  _heap_end = _stack_top - ${stackBytes(board)};
  ASSERT(_heap_start + 1024 < _heap_end, "the RAM is too small for the monitor")
}
`;
}
