/**
 * The board image: a model as a microcontroller holds it in flash. The only specification of its bytes.
 *
 * Made by the host (targets/mcu/image.ts) for one vocabulary of the runtime: weights already stand in the order that the
 * board's kernels read, and what these kernels do not read is left out. The same bytes lie in the emitted model.c and in
 * the slots of the firmware monitor. Like format.ts this file is TypeScript and AssemblyScript; the C header is printed
 * from it. Words are 32 bits, little-endian; every offset counts bytes from the start of the image, which lies at a
 * multiple of SECTION_ALIGNMENT.
 *
 *     ┌──────────────────────────────────────────────────────┐
 *     │ header, IMAGE_HEADER_WORDS words                     │
 *     ├──────────────────────────────────────────────────────┤
 *     │ tensors: TENSOR_WORDS words each, as in format.ts;   │   TENSOR_OFFSET of a constant: from the start of
 *     │ equal records once                                   │   the image
 *     ├──────────────────────────────────────────────────────┤
 *     │ ports: inputs, then outputs, PORT_WORDS words each   │   tensor index · scale · zero point
 *     ├──────────────────────────────────────────────────────┤
 *     │ steps:                                               │
 *     │   offset of the step's prepared weights (0: none)    │   the kernel's third argument is image + this word
 *     │   the record, as in format.ts                        │   the kernel's first argument points to it
 *     ├──────────────────────────────────────────────────────┤ 16-aligned
 *     │ constants that kernels read in place, and prepared   │
 *     │ weights; blocks of 16 bytes and more 16-aligned,     │
 *     │ others 4-aligned                                     │
 *     └──────────────────────────────────────────────────────┘ IMAGE_BYTES
 *
 * Header, tensors, ports and steps follow each other without a gap.
 *
 * To run it, a board fills the context of format.ts (CONTEXT_CONSTANTS: the image itself, CONTEXT_TENSORS: its tensor
 * records, CONTEXT_ARENA: RAM, 16-aligned, CONTEXT_WORKSPACE: the arena + IMAGE_ARENA_BYTES) and calls the kernel of each
 * step's opcode in order. RAM that it needs: IMAGE_ARENA_BYTES + IMAGE_WORKSPACE_BYTES, both multiples of
 * SECTION_ALIGNMENT.
 *
 * The host has proved every step against its operands; a board that is given an image checks magic, version, vocabulary,
 * size, CRC-32, that it has the RAM, and that it knows the opcodes.
 *
 * Compatibility: a board accepts exactly its own IMAGE_VERSION.
 */

/** "WHTB" read as a little-endian word. */
export const IMAGE_MAGIC = 0x42544857;
export const IMAGE_VERSION = 2;

// Header, in words.
export const IMAGE_HEADER_MAGIC = 0;
export const IMAGE_HEADER_VERSION = 1;
/** Bytes of the whole image, a multiple of 4. */
export const IMAGE_BYTES = 2;
/** CRC-32 (ISO-HDLC, as zlib) of every byte after this word. */
export const IMAGE_CRC32 = 3;
/** VOCABULARY_… of the kernels that the prepared weights are for. */
export const IMAGE_VOCABULARY = 4;
/** HEADER_CRC32 of the packed model that it was made from. */
export const IMAGE_PACKED_CRC32 = 5;
export const IMAGE_ARENA_BYTES = 6;
export const IMAGE_WORKSPACE_BYTES = 7;
export const IMAGE_TENSOR_COUNT = 8;
export const IMAGE_INPUT_COUNT = 9;
export const IMAGE_OUTPUT_COUNT = 10;
export const IMAGE_STEP_COUNT = 11;
export const IMAGE_HEADER_WORDS = 12;

// Port record, in words.
export const PORT_TENSOR = 0;
/** int8: real = scale · (integer - zero point), as float32 bits; other dtypes: 1 and 0. */
export const PORT_SCALE_F32 = 1;
export const PORT_ZERO_POINT = 2;
export const PORT_WORDS = 3;

/** A word that stands before each step's record. */
export const STEP_PREPARED = 0;
export const STEP_PREFIX_WORDS = 1;

// Vocabularies: what a core's kernels may use.
/** Every core. */
export const VOCABULARY_SCALAR = 0;
/** The DSP extension of ARMv7E-M and ARMv8-M. */
export const VOCABULARY_DSP = 1;
/** Helium of ARMv8.1-M. */
export const VOCABULARY_MVE = 2;
