/*
 * xgboost_rows.c - writes array interfaces and thins sparse rows out.
 *
 * The format is numpy's __array_interface__, version 3; the library reads column-major data as it lies,
 * through strides: the same bits at the same speed as row-major (measured).
 */
#include "predict/xgboost_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"

static void write_list(char out[ARRAY_INTERFACE_SIZE], const void *data, const char *type,
                       size_t count)
{
    snprintf(out, ARRAY_INTERFACE_SIZE,
             "{\"data\":[%" PRIuPTR ",true],\"shape\":[%zu],\"typestr\":\"%s\",\"version\":3}",
             (uintptr_t)data, count, type);
}

void array_interface_write(char out[ARRAY_INTERFACE_SIZE], const float *data, size_t row_count,
                           size_t column_count, size_t row_stride, size_t column_stride)
{
    snprintf(out, ARRAY_INTERFACE_SIZE,
             "{\"data\":[%" PRIuPTR ",true],\"shape\":[%zu,%zu],\"strides\":[%zu,%zu],"
             "\"typestr\":\"<f4\",\"version\":3}",
             (uintptr_t)data, row_count, column_count, row_stride * sizeof *data,
             column_stride * sizeof *data);
}

enum status sparse_scratch_fill(struct sparse_scratch *scratch, const struct feature_batch *batch,
                                const struct model *model, struct sparse_rows *out,
                                struct error *err)
{
    bool keeps_all = model->booster == BOOSTER_GBLINEAR || model->feature_use == NULL;
    size_t kept = 0;

    /* One more than needed: an empty array has an address too. */
    if (!memory_grow(&scratch->row_begin, &scratch->row_capacity, batch->row_count + 1,
                     sizeof *scratch->row_begin) ||
        !memory_grow(&scratch->indices, &scratch->index_capacity, batch->entry_count + 1,
                     sizeof *scratch->indices) ||
        !memory_grow(&scratch->entries, &scratch->entry_capacity, batch->entry_count + 1,
                     sizeof *scratch->entries))
        return error_memory(err);
    scratch->row_begin[0] = 0;
    for (size_t row = 0; row < batch->row_count; row++) {
        for (uint64_t i = batch->row_begin[row]; i < batch->row_begin[row + 1]; i++) {
            uint32_t index = batch->indices[i];

            if (!keeps_all && model->feature_use[index] == 0)
                continue;
            scratch->indices[kept] = index;
            scratch->entries[kept] = batch->entries[i];
            kept++;
        }
        scratch->row_begin[row + 1] = kept;
    }
    out->row_begin = scratch->row_begin;
    out->indices = scratch->indices;
    out->entries = scratch->entries;
    return STATUS_OK;
}

void sparse_scratch_release(struct sparse_scratch *scratch)
{
    memory_release(scratch->row_begin);
    memory_release(scratch->indices);
    memory_release(scratch->entries);
}

void row_interfaces_write(struct row_interfaces *out, const struct feature_batch *batch,
                          const struct sparse_rows *sparse, size_t begin, size_t row_count)
{
    size_t entry_count;

    if (!batch->is_sparse) {
        array_interface_write(out->values, batch->values + begin, row_count, batch->column_count, 1,
                              batch->row_capacity);
        return;
    }
    /* row_begin need not start at 0: the library takes it as places in the other two arrays. */
    entry_count = (size_t)sparse->row_begin[begin + row_count];
    write_list(out->row_begin, sparse->row_begin + begin, "<u8", row_count + 1);
    write_list(out->indices, sparse->indices, "<u4", entry_count);
    write_list(out->entries, sparse->entries, "<f4", entry_count);
}
