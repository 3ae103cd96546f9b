/**
 * The serial protocol between host and firmware monitor: the only specification of its bytes. Like runtime-as/format.ts
 * nothing but integer constants; the firmware's header is printed from this file.
 *
 * A frame on the wire is 00 · COBS(body) · 00 00 (Cheshire, Baker 1999: a body without zeros, so that 00 always ends a
 * frame and a lost byte spoils one frame only; the end is doubled, as nobody knows that it is lost). Body, words little-endian:
 *
 *     0  type u8       REQUEST_…; of an answer ANSWER + the type of its request, or ANSWER_DAMAGED
 *     1  status u8     requests: 0; answers: RESULT_…
 *     2  sequence u16  of the request
 *     4  session u32   chosen by the host in HELLO, at random
 *     8  payload
 *     …  CRC-32 (ISO-HDLC, as zlib) of everything before
 *
 * The host sends one request and repeats it until its answer comes. The board executes a request once: the last
 * sequence number is answered again from memory, earlier ones are dropped. A frame with a wrong CRC is answered
 * with ANSWER_DAMAGED, so that the host need not wait for its timeout. RESULT_BUSY says that work is going on; the answer
 * follows. Outside of frames the line carries text: the dialogue of MLPerf Tiny's runner, and messages for people. The first
 * byte of text after 00 is never followed by a byte below 20, so both can share the line.
 */

export const PROTOCOL_VERSION = 1;

export const FRAME_TYPE = 0;
export const FRAME_STATUS = 1;
export const FRAME_SEQUENCE = 2;
export const FRAME_SESSION = 4;
export const FRAME_PAYLOAD = 8;
export const FRAME_CRC_BYTES = 4;

// Requests, below 0x20. All words u32.
/** → INFO_… words, then the strings INFO_STRING_… each ended by 00. Starts the session; always executed. */
export const REQUEST_HELLO = 1;
/** area · offset · bytes → the bytes. */
export const REQUEST_READ = 2;
/** area · offset · the bytes → nothing. */
export const REQUEST_WRITE = 3;
/** area · offset · bytes → CRC-32. */
export const REQUEST_CRC = 4;
/** bytes of the new image → slot. Forgets what the slot held; AREA_NEW_IMAGE is then written from its start to its end. */
export const REQUEST_BEGIN = 5;
/** CRC-32 of the image as written: checks it, writes the commit record and loads it → generation. */
export const REQUEST_COMMIT = 6;
/** runs: the model so many times on the input that the arena holds, written anew where there is memory for a copy → ticks u64. */
export const REQUEST_RUN = 7;
/** step · runs: one step so many times → ticks u64 · CRC-32 of its output. */
export const REQUEST_STEP = 8;
/** nothing: fills arena and free stack with a pattern and runs the model → bytes used of arena and workspace · of the stack. */
export const REQUEST_HIGH_WATER = 9;
/** nothing → nothing; then the board restarts. */
export const REQUEST_RESTART = 10;
/** nothing → one bit per opcode that the firmware has a kernel for. */
export const REQUEST_OPCODES = 11;

export const ANSWER = 0x80;
/** The board received a frame with a wrong CRC: repeat the request. Sequence and session are 0. */
export const ANSWER_DAMAGED = 0xff;

export const RESULT_OK = 0;
export const RESULT_BUSY = 1;
export const RESULT_UNKNOWN_SESSION = 2;
export const RESULT_UNKNOWN_REQUEST = 3;
/** The payload is too short, or offset and bytes leave the area. */
export const RESULT_BAD_RANGE = 4;
/** There is no model that could run. */
export const RESULT_NO_MODEL = 5;
/** The image is larger than a slot. Payload: bytes of the largest writable slot. */
export const RESULT_TOO_LARGE = 6;
/** Arena and workspace need more memory than there is. Payload: bytes needed · bytes there. */
export const RESULT_NO_MEMORY = 7;
/** Nothing was begun, or the image is not written from its start to its end. Payload: offset that comes next. */
export const RESULT_BAD_ORDER = 8;
/** The flash does not hold what was written. Payload: offset. */
export const RESULT_FLASH_FAILED = 9;
/** The image is not what it should be. Payload: IMAGE_FAULT_… · number of the tensor, port or step. */
export const RESULT_BAD_IMAGE = 10;

// Areas of READ, WRITE and CRC.
/** The arena of the loaded model. */
export const AREA_ARENA = 0;
/** The slot that was begun: offsets into the image that is being written. */
export const AREA_NEW_IMAGE = 1;
/** The image of the loaded model; cannot be written. */
export const AREA_IMAGE = 2;

// Why an image is refused (RESULT_BAD_IMAGE).
export const IMAGE_FAULT_MAGIC = 1;
export const IMAGE_FAULT_VERSION = 2;
export const IMAGE_FAULT_SIZE = 3;
export const IMAGE_FAULT_CRC = 4;
export const IMAGE_FAULT_VOCABULARY = 5;
export const IMAGE_FAULT_SECTION = 6;
export const IMAGE_FAULT_TENSOR = 7;
export const IMAGE_FAULT_PORT = 8;
export const IMAGE_FAULT_STEP = 9;
export const IMAGE_FAULT_OPCODE = 10;

// Answer of HELLO, in words.
export const INFO_PROTOCOL_VERSION = 0;
/** Longest payload of a request or an answer, in bytes. */
export const INFO_PAYLOAD_BYTES = 1;
export const INFO_CLOCK_HZ = 2;
/** VOCABULARY_… of runtime-as/board-image.ts. */
export const INFO_VOCABULARY = 3;
/** RAM for arena and workspace, in bytes. */
export const INFO_ARENA_LIMIT_BYTES = 4;
export const INFO_SLOT_COUNT = 5;
/** Bytes of an image that fit into the largest writable slot. */
export const INFO_SLOT_BYTES = 6;
/** Slot of the loaded model, or NO_SLOT. */
export const INFO_ACTIVE_SLOT = 7;
/** Rises with every commit; 0: no model. */
export const INFO_GENERATION = 8;
export const INFO_IMAGE_BYTES = 9;
export const INFO_IMAGE_CRC32 = 10;
/** Number of steps of the loaded model. */
export const INFO_STEP_COUNT = 11;
/** Address of the last crash since power-on, 0: none. */
export const INFO_CRASH_ADDRESS = 12;
/** 1: what is written survives a power cut. */
export const INFO_PERSISTENT = 13;
/** Why the newest model of the slots was not loaded: IMAGE_FAULT_…, or 0. */
export const INFO_REFUSED = 14;
export const INFO_WORDS = 15;
export const NO_SLOT = 255;

export const INFO_STRING_BOARD = 0;
export const INFO_STRING_CORE = 1;
/** Version of whittle that the firmware was built by. */
export const INFO_STRING_VERSION = 2;
/** DWT CYCCNT, SysTick, mcycle … */
export const INFO_STRING_CLOCK = 3;
export const INFO_STRINGS = 4;

// Commit record, in words: the first RECORD_BYTES of a slot, the image behind it; written last, in one piece.
export const RECORD_MAGIC = 0;
/** "WHTC" read as a little-endian word. */
export const RECORD_MAGIC_VALUE = 0x43544857;
export const RECORD_GENERATION = 1;
export const RECORD_IMAGE_BYTES = 2;
export const RECORD_IMAGE_CRC32 = 3;
/** CRC-32 of the four words before. */
export const RECORD_CRC32 = 4;
export const RECORD_WORDS = 8;
export const RECORD_BYTES = 32;
