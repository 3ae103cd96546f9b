/*
 * Runs board cases on the workstation: the kernels as whittle translates them, or (-DWASM2C) as wabt's wasm2c does.
 *
 * stdin: per case the words image bytes, arena bytes, workspace bytes, step count, then an offset of the record for each
 * step, the image, the arena. stdout: per case the arena. Words are little-endian, as on every host this is compiled for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

/* Between image and RAM, so that an access beyond either is seen. */
enum { GAP = 4096, IMAGE_BYTES = 1 << 24, RAM_BYTES = 1 << 24 };

typedef void Kernel(uint32_t step, uint32_t context, uint32_t prepared);

#if defined(WASM2C)
#include "wasm2c.h"
static wasm_rt_memory_t linear;
wasm_rt_memory_t *w2c_env_memory(struct w2c_env *env) {
  (void)env;
  return &linear;
}
void wasm_rt_trap(wasm_rt_trap_t trap) {
  fprintf(stderr, "wasm2c: trap %d\n", (int)trap);
  exit(3);
}
static w2c_mcu instance;
#define KERNEL(opcode, name) static void opcode_##opcode(uint32_t a, uint32_t b, uint32_t c) { w2c_mcu_##name(&instance, a, b, c); }
#include "kernels.inc"
#undef KERNEL
#define KERNEL(opcode, name) case opcode: return opcode_##opcode;
#define ADDRESS(pointer) ((uint32_t)((unsigned char *)(pointer)-memory))
#else
#include "whittle_port.h"
#include "whittle_runtime.h"
#define KERNEL(opcode, name) case opcode: return whittle_##name;
#define ADDRESS(pointer) whittle_address(pointer)
#endif

#if defined(__GNUC__)
__attribute__((aligned(16)))
#endif
static unsigned char memory[GAP + IMAGE_BYTES + GAP + RAM_BYTES + GAP];
static unsigned char *const image = memory + GAP;
static unsigned char *const arena = memory + GAP + IMAGE_BYTES + GAP;
static uint32_t context[16];

static Kernel *kernel_of(uint32_t opcode) {
  switch (opcode) {
#include "kernels.inc"
    default: fprintf(stderr, "opcode %u is not in this build\n", (unsigned)opcode); exit(4);
  }
}

static int get(void *to, size_t bytes) {
  return fread(to, 1, bytes, stdin) == bytes;
}

static uint32_t word(const unsigned char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

int main(void) {
  uint32_t head[5], i;
#if defined(WASM2C)
  linear.data = memory;
  linear.data_end = memory + sizeof memory;
  linear.size = sizeof memory;
  wasm2c_mcu_instantiate(&instance, 0);
#endif
  while (get(head, sizeof head)) {
    const uint32_t image_bytes = head[0], arena_bytes = head[1], workspace_bytes = head[2], steps = head[3], tensors = head[4];
    uint32_t *records = malloc(4u * (steps + 1u));
    if (image_bytes > IMAGE_BYTES || arena_bytes + workspace_bytes > RAM_BYTES || !records) return 5;
    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof memory);
    if (!get(records, 4u * steps) || !get(image, image_bytes) || !get(arena, arena_bytes)) return 6;
    memset(arena + arena_bytes, 0xc3, workspace_bytes);
    /* What lies beyond them belongs to nobody. */
    ASAN_POISON_MEMORY_REGION(memory, GAP);
    ASAN_POISON_MEMORY_REGION(image + image_bytes, (size_t)(arena - (image + image_bytes)));
    ASAN_POISON_MEMORY_REGION(arena + arena_bytes + workspace_bytes, sizeof memory - (size_t)(arena + arena_bytes + workspace_bytes - memory));
#if defined(WASM2C)
    uint32_t *const words = (uint32_t *)(void *)memory;
#else
    uint32_t *const words = context;
#endif
    words[CONTEXT_CONSTANTS] = ADDRESS(image);
    words[CONTEXT_ARENA] = ADDRESS(arena);
    words[CONTEXT_TENSORS] = ADDRESS(image) + tensors;
    words[CONTEXT_WORKSPACE] = ADDRESS(arena) + arena_bytes;
    for (i = 0; i < steps; i++) {
      const uint32_t prepared = word(image + records[i] - 4);
      kernel_of(image[records[i]])(ADDRESS(image) + records[i], ADDRESS(words), prepared ? ADDRESS(image) + prepared : 0);
    }
    if (fwrite(arena, 1, arena_bytes, stdout) != arena_bytes) return 7;
    free(records);
  }
  return 0;
}
