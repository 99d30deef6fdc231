/*
 * feature_batch.c - the memory of a feature_batch, dense or sparse.
 */
#include "data/feature_batch.h"

#include "base/memory.h"

enum { ROW_MULTIPLE = 64 };

static bool round_up_rows(size_t rows, size_t *rounded)
{
    if (rows > SIZE_MAX - ROW_MULTIPLE)
        return false;
    *rounded = (rows + ROW_MULTIPLE - 1) / ROW_MULTIPLE * ROW_MULTIPLE;
    return true;
}

bool feature_batch_init(struct feature_batch *batch, size_t row_capacity, size_t column_count)
{
    *batch = (struct feature_batch){.column_count = column_count};
    size_t cells;
    if (!round_up_rows(row_capacity, &batch->row_capacity) ||
        __builtin_mul_overflow(batch->row_capacity, column_count, &cells))
        return false;
    batch->values = memory_new_aligned(cells, sizeof *batch->values);
    return batch->values != NULL;
}

bool feature_batch_init_sparse(struct feature_batch *batch, size_t row_capacity,
                               size_t column_count)
{
    *batch = (struct feature_batch){.column_count = column_count, .is_sparse = true};
    if (!round_up_rows(row_capacity, &batch->row_capacity))
        return false;
    batch->row_begin = memory_new(batch->row_capacity + 1, sizeof *batch->row_begin);
    return batch->row_begin != NULL;
}

void feature_batch_release(struct feature_batch *batch)
{
    memory_release(batch->values);
    memory_release(batch->row_begin);
    memory_release(batch->indices);
    memory_release(batch->entries);
    *batch = (struct feature_batch){0};
}

void feature_batch_clear(struct feature_batch *batch)
{
    batch->row_count = 0;
    batch->entry_count = 0;
}

bool feature_batch_add_entry(struct feature_batch *batch, uint32_t index, float value)
{
    if (batch->entry_count == batch->entry_capacity) {
        /* Two arrays under one capacity: it is raised only when both have grown. */
        size_t needed = batch->entry_count + 1;
        size_t capacity_of_indices = batch->entry_capacity;
        size_t capacity_of_entries = batch->entry_capacity;
        if (!memory_grow(&batch->indices, &capacity_of_indices, needed, sizeof *batch->indices) ||
            !memory_grow(&batch->entries, &capacity_of_entries, needed, sizeof *batch->entries))
            return false;
        batch->entry_capacity = capacity_of_entries;
    }
    batch->indices[batch->entry_count] = index;
    batch->entries[batch->entry_count] = value;
    batch->entry_count++;
    return true;
}

void feature_batch_end_row(struct feature_batch *batch)
{
    batch->row_count++;
    batch->row_begin[batch->row_count] = batch->entry_count;
}
