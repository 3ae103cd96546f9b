/*
 * What the RP2350's boot ROM looks for in the first 4 KB of the flash (datasheet, 5.9.5.1): a block loop of one IMAGE_DEF, for
 * a program of the Arm cores that starts in Secure state by the vectors at the start of the flash.
 */
#include <stdint.h>

__attribute__((section(".image_definition"), used)) static const uint32_t image_definition[] = {
  0xffffded3u, /* start of a block */
  0x10210142u, /* IMAGE_TYPE: executable, Secure, Arm, RP2350 */
  0x000001ffu, /* the last item, after one word */
  0,           /* the next block is this one */
  0xab123579u, /* end */
};
