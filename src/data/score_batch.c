/*
 * score_batch.c - the memory of a score_batch.
 */
#include "data/score_batch.h"

#include "base/memory.h"

bool score_batch_shape(struct score_batch *batch, size_t row_count, size_t column_count)
{
    size_t cells;
    if (__builtin_mul_overflow(row_count, column_count, &cells))
        return false;
    if (!memory_grow(&batch->values, &batch->capacity, cells, sizeof *batch->values))
        return false;
    batch->row_count = row_count;
    batch->column_count = column_count;
    return true;
}

void score_batch_release(struct score_batch *batch)
{
    memory_release(batch->values);
    *batch = (struct score_batch){0};
}
