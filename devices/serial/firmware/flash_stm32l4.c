/* STM32L4 and L4+ flash (RM0351, RM0394, RM0432: "Embedded Flash memory"): double words. */
enum { ACR = 0x40022000, KEYR = 0x40022008, SR = 0x40022010, CR = 0x40022014, ECCR = 0x40022018 };
/* End of operation, and every error. One that stays forbids the next operation. */
#define EVENTS 0xc3fbu

#include "flash_stm32_art.h"
#include "flash_stm32_pages.h"
