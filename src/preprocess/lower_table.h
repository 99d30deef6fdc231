/*
 * lower_table.h - Unicode's simple lower-case mapping, from U+0080 on.
 */
#ifndef PREPROCESS_LOWER_TABLE_H
#define PREPROCESS_LOWER_TABLE_H

#include <stdint.h>

/* The code points first, first + stride, ... last become lower by delta. */
struct lower_run {
    uint32_t first, last;
    uint32_t stride;
    int32_t delta;
};

extern const struct lower_run lower_runs[]; /* ascending, not overlapping */
extern const unsigned lower_run_count;

#endif
