/* The loaded board image (runtime-as/board-image.ts): checked, placed, run. */
#ifndef WHITTLE_MODEL_H
#define WHITTLE_MODEL_H

#include <stddef.h>
#include <stdint.h>

struct model {
  /* NULL: none is loaded. */
  const uint8_t *image;
  uint32_t image_bytes;
  uint8_t *arena;
  /* Arena and workspace. */
  uint32_t arena_bytes;
  uint32_t step_count;
};
extern struct model model;

struct refusal {
  /* RESULT_OK, RESULT_BAD_IMAGE or RESULT_NO_MEMORY, */
  uint8_t status;
  /* with what the protocol says of them. */
  uint32_t detail[2];
};

/* Proves that everything the kernels will follow stays inside the image and the RAM. */
struct refusal model_check(const uint8_t *image, uint32_t bytes);
/* The image must have been checked. */
void model_load(const uint8_t *image, uint32_t bytes);
void model_unload(void);

/* Where a step begins. Finding it takes as long as it has steps before it. */
const uint32_t *model_step(uint32_t index);
/* Runs so many steps. */
void model_run(const uint32_t *step, uint32_t count);

struct tensor {
  uint8_t dtype;
  const uint8_t *data;
  uint32_t bytes;
};
struct tensor model_step_output(uint32_t step);

struct port {
  struct tensor tensor;
  float scale;
  int32_t zero_point;
};
/* Outputs follow the inputs. */
struct port model_port(uint32_t index);
uint32_t model_input_count(void);
uint32_t model_output_count(void);

/* Bytes of RAM for arena and workspace. */
uint32_t model_arena_limit(void);

#endif
