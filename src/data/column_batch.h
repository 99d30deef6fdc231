/*
 * column_batch.h - the input columns that preprocessing steps work on: numbers and texts, by column.
 *
 * Column-major: number c of row r is numbers[c * row_capacity + r], NaN is missing; text c of row r is
 * texts[c * row_capacity + r], data == NULL is missing. Text bytes are borrowed from the block or from
 * record_batch's text arena: valid until the batch is cleared. Runs without a spec have no columns here.
 */
#ifndef DATA_COLUMN_BATCH_H
#define DATA_COLUMN_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct column_batch {
    size_t row_count;
    size_t row_capacity;
    size_t number_count;
    double *numbers; /* owned */
    size_t text_count;
    struct span *texts; /* owned */
};

bool column_batch_init(struct column_batch *batch, size_t row_capacity, size_t number_count,
                       size_t text_count);
void column_batch_release(struct column_batch *batch);

#endif
