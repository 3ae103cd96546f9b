/* Quad words, and a flag of its own (WDW) for what is in the write buffer; two banks in every part. */
enum { KEYR = 0x40022008, SR = 0x40022020, CR = 0x40022028, ECCR = 0x40022030 };
#define ERRORS 0x20fau
#define WRITE_WORDS 4
#define PAGE 8192u
#define BANK (FLASH_BYTES / 2)
#define BUFFERED (1u << 17)
#define WRITE_BUSY 4

#include "flash-stm32-pages.h"
