/* A monitor without kernels: it moves images and refuses to run them. */
#include "runtime.h"

int runtime_includes(uint32_t opcode)
{
  (void)opcode;
  return 0;
}

void runtime_run(uint32_t record, uint32_t context, uint32_t prepared)
{
  (void)record;
  (void)context;
  (void)prepared;
}
