/*
 * The second stage of the RP2040's boot (datasheet, 2.8.1.3): 256 bytes that the boot ROM copies to RAM and starts when their
 * CRC-32 is right (polynomial 04c11db7, most significant bit first, seed all ones, not inverted). Every read of the flash
 * becomes a serial 03h command, which any chip knows, at a fourth of the core's clock (SSI: 4.10.13), 31 MHz. Called from the
 * program (flash_rp2.c) it returns.
 */
__asm__(
  "  .syntax unified\n"
  "  .section .boot, \"ax\"\n"
  "  .thumb\n"
  "  ldr r0, .Lssi\n"
  "  movs r1, #0\n"
  "  str r1, [r0, #0x08]\n" /* SSIENR: off */
  "  str r1, [r0, #0x04]\n" /* CTRLR1: one frame at a time */
  "  movs r1, #4\n"
  "  str r1, [r0, #0x14]\n" /* BAUDR */
  "  ldr r1, .Lframe\n"
  "  str r1, [r0, #0x00]\n" /* CTRLR0 */
  "  ldr r1, .Lcommand\n"
  "  movs r2, #0xf4\n"
  "  str r1, [r0, r2]\n" /* SPI_CTRLR0 */
  "  movs r1, #1\n"
  "  str r1, [r0, #0x08]\n"
  "  mov r1, lr\n"
  "  cmp r1, #0\n"
  "  beq .Lstart\n"
  "  bx lr\n"
  ".Lstart:\n"
  "  ldr r0, .Lvectors\n"
  "  ldr r1, .Lvtor\n"
  "  str r0, [r1]\n"
  "  ldm r0!, {r1, r2}\n"
  "  msr msp, r1\n"
  "  bx r2\n"
  "  .align 2\n"
  ".Lssi: .word 0x18000000\n"
  /* Frames of 32 bits, first sent, then received. */
  ".Lframe: .word 31 << 16 | 3 << 8\n"
  /* 03h, eight bits of it, 24 of address. */
  ".Lcommand: .word 0x03 << 24 | 2 << 8 | 6 << 2\n"
  ".Lvectors: .word 0x10000100\n"
  ".Lvtor: .word 0xe000ed08\n"
  "  .org 252\n"
  "  .word 0x79905461\n"
  "  .text\n");
