/*
 * xgboost_rows.h - the rows of a batch in libxgboost's words: array interfaces, JSON texts that hold
 * addresses and shapes, so that nothing is copied.
 */
#ifndef PREDICT_XGBOOST_ROWS_H
#define PREDICT_XGBOOST_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "data/feature_batch.h"
#include "model/model.h"

enum { ARRAY_INTERFACE_SIZE = 192 };

/* Of row_count x column_count floats; the strides are in floats. */
void array_interface_write(char out[ARRAY_INTERFACE_SIZE], const float *data, size_t row_count,
                           size_t column_count, size_t row_stride, size_t column_stride);

/* Memory for the sparse rows that the library gets. All-zero is valid. */
struct sparse_scratch {
    uint64_t *row_begin; /* owned */
    size_t row_capacity;
    uint32_t *indices; /* owned */
    size_t index_capacity;
    float *entries; /* owned */
    size_t entry_capacity;
};

/* CSR arrays. Borrowed from a scratch. */
struct sparse_rows {
    const uint64_t *row_begin;
    const uint32_t *indices;
    const float *entries;
};

/* Copies the rows of a sparse batch, without the entries of features that no tree of the model tests:
 * they cannot change an answer. A linear booster keeps all: adding 0 can turn -0 into 0. *out is valid until
 * the next call. Fails with ERROR_MEMORY. */
enum status sparse_scratch_fill(struct sparse_scratch *scratch, const struct feature_batch *batch,
                                const struct model *model, struct sparse_rows *out,
                                struct error *err);
void sparse_scratch_release(struct sparse_scratch *scratch);

struct row_interfaces {
    char values[ARRAY_INTERFACE_SIZE];    /* dense */
    char row_begin[ARRAY_INTERFACE_SIZE]; /* sparse, with the next two */
    char indices[ARRAY_INTERFACE_SIZE];
    char entries[ARRAY_INTERFACE_SIZE];
};

/* Describes rows begin .. begin + row_count; sparse is read only where the batch is sparse. */
void row_interfaces_write(struct row_interfaces *out, const struct feature_batch *batch,
                          const struct sparse_rows *sparse, size_t begin, size_t row_count);

#endif
