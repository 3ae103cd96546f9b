/* Double words; the L4+ of 2 MB has pages of 4 KB (RM0432, "Flash memory organization"), and parts of up to 256 KB have one bank. */
enum { ACR = 0x40022000, KEYR = 0x40022008, SR = 0x40022010, CR = 0x40022014, ECCR = 0x40022018 };
#define ERRORS 0xc3fau
#define WRITE_WORDS 2
#define PAGE (FLASH_BYTES > 0x100000u ? 4096u : 2048u)
#define BANK (FLASH_BYTES > 0x40000u ? FLASH_BYTES / 2 : FLASH_BYTES)
#define BUFFERED (1u << 16)
#define WRITE_BUSY 2

#include "flash-stm32-art.h"
#include "flash-stm32-pages.h"
