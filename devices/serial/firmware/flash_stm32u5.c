/* STM32U5 flash without TrustZone (RM0456: "Embedded flash memory"): quad words. Registers are those of the non-secure side. */
enum { KEYR = 0x40022008, SR = 0x40022020, CR = 0x40022028, ECCR = 0x40022030 };
/* End of operation, and every error. One that stays forbids the next operation. */
#define EVENTS 0x20fbu
/* An operation is going on, or the write buffer waits for it. */
#define BUSY (3u << 16)

#include "flash_stm32_pages.h"
