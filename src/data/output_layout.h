/*
 * output_layout.h - the columns that are written behind the kept ones: their names and what each holds.
 */
#ifndef DATA_OUTPUT_LAYOUT_H
#define DATA_OUTPUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"

/* What an output column shows: a kind of score, or (transform) a feature. */
enum answer_kind {
    ANSWER_VALUE,
    ANSWER_MARGIN,
    ANSWER_LEAF,
    ANSWER_CONTRIBS,
    ANSWER_CLASS,
    ANSWER_FEATURE,
    ANSWER_KIND_COUNT
};

struct output_column {
    enum answer_kind kind;
    uint32_t index;   /* the column in that kind's score_batch (or feature_batch) */
    struct span name; /* borrowed from the layout */
};

struct output_layout {
    uint32_t column_count;
    size_t column_capacity;
    struct output_column *columns; /* owned */
    struct byte_buffer names;      /* owned */
};

/* Adds a column whose name is printf-formatted; names are at most 64 KiB. False for memory.
 * output_layout_finish must follow the last one: only then are the names' spans right. */
bool output_layout_add(struct output_layout *layout, enum answer_kind kind, uint32_t index,
                       struct span name);
void output_layout_finish(struct output_layout *layout);

/* ERROR_USAGE (exit 3 by the contract: ERROR_HEADER) when two of the kept names and columns are equal. */
enum status output_layout_check(const struct output_layout *layout, const struct span *kept,
                                uint32_t kept_count, struct error *err);
void output_layout_release(struct output_layout *layout); /* all-zero is allowed */

#endif
