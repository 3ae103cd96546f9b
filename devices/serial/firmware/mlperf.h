/* The text commands of MLPerf Tiny (mlcommons/tiny, benchmark/api): its runner measures a model that was uploaded before. */
#ifndef WHITTLE_MLPERF_H
#define WHITTLE_MLPERF_H

/* Says that the board is ready. */
void mlperf_start(void);
/* Takes a byte of text; a command ends with '%'. */
void mlperf_receive(char byte);

#endif
