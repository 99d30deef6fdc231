/*
 * score_batch.h - rows x outputs of float32, our own copy of what an engine answered.
 *
 * Row-major: values[row * column_count + column].
 */
#ifndef DATA_SCORE_BATCH_H
#define DATA_SCORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

struct score_batch {
    size_t row_count;
    size_t column_count;
    float *values;   /* owned */
    size_t capacity; /* floats that values has room for */
};

/* Shapes the batch (contents undefined), growing it where needed. False for memory. */
bool score_batch_shape(struct score_batch *batch, size_t row_count, size_t column_count);
void score_batch_release(struct score_batch *batch);

#endif
