/*
 * feature_batch.h - rows x features of float32, as a booster takes them.
 *
 * Column-major: value(row, column) = values[column * stride + row]; NaN is missing. stride is at least
 * row_count and a multiple of 64, values is 64-byte aligned, rows from row_count to the next multiple
 * of 64 may be read (their values mean nothing). Wide sparse input (libsvm) is CSR instead: is_sparse.
 */
#ifndef DATA_FEATURE_BATCH_H
#define DATA_FEATURE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feature_batch {
    size_t row_count;
    size_t row_capacity; /* a multiple of 64; the dense stride */
    size_t column_count;
    float *values; /* owned; dense: column_count x row_capacity */

    bool is_sparse;
    uint64_t *row_begin; /* owned, row_capacity + 1 */
    uint32_t *indices;   /* owned: ascending within a row */
    float *entries;      /* owned, beside indices */
    size_t entry_count;
    size_t entry_capacity;
};

/* Dense, for row_capacity rows (rounded up to 64). False for memory. */
bool feature_batch_init(struct feature_batch *batch, size_t row_capacity, size_t column_count);
bool feature_batch_init_sparse(struct feature_batch *batch, size_t row_capacity,
                               size_t column_count);
void feature_batch_release(struct feature_batch *batch);
void feature_batch_clear(struct feature_batch *batch); /* no rows; keeps the memory */

/* Sparse: adds an entry to the row being built; feature_batch_end_row closes it. False for memory. */
bool feature_batch_add_entry(struct feature_batch *batch, uint32_t index, float value);
void feature_batch_end_row(struct feature_batch *batch);

static inline float *feature_batch_column(const struct feature_batch *batch, size_t column)
{
    return batch->values + column * batch->row_capacity;
}

#endif
