/*
 * column_batch.c - the memory of a column_batch.
 */
#include "data/column_batch.h"

#include "base/memory.h"

bool column_batch_init(struct column_batch *batch, size_t row_capacity, size_t number_count,
                       size_t text_count)
{
    *batch = (struct column_batch){
        .row_capacity = row_capacity, .number_count = number_count, .text_count = text_count};
    size_t numbers, texts;
    if (__builtin_mul_overflow(row_capacity, number_count, &numbers) ||
        __builtin_mul_overflow(row_capacity, text_count, &texts))
        return false;
    batch->numbers = memory_new_aligned(numbers, sizeof *batch->numbers);
    batch->texts = memory_new_aligned(texts, sizeof *batch->texts);
    return batch->numbers != NULL && batch->texts != NULL;
}

void column_batch_release(struct column_batch *batch)
{
    memory_release(batch->numbers);
    memory_release(batch->texts);
    *batch = (struct column_batch){0};
}
