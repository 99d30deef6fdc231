/*
 * preprocess.h - the steps of a spec, bound once to the input's columns, then run over batches: from a
 * column_batch (numbers and texts as they were read) to a feature_batch (float32, as the model takes it).
 *
 * A preprocess is shared by all workers and never changes after it is opened; each worker has a lane.
 * The arithmetic is float64, the last thing done is the cast to float32. The result depends on the
 * row alone, never on the batch it came in.
 */
#ifndef PREPROCESS_PREPROCESS_H
#define PREPROCESS_PREPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sandbox.h"
#include "base/span.h"
#include "data/column_batch.h"
#include "data/feature_batch.h"
#include "data/record_batch.h"
#include "data/schema.h"
#include "lookup/lookup.h"
#include "spec/spec.h"

struct preprocess;      /* opaque */
struct preprocess_lane; /* opaque */

struct preprocess_config {
    /* The columns that the input has, in order (a csv or tsv header); NULL where they are not known
     * (jsonl, libsvm). */
    const struct span *column_names;
    uint32_t column_count;
    /* Columns that are not taken for features where these are "all columns left": --keep, --label,
     * --base-margin. A spec that names its features, or a model that does, may still use them. */
    const struct span *excluded_names;
    uint32_t excluded_count;
    const struct schema *schema; /* the model's, or NULL (transform, fit) */
    bool unseen_is_missing;      /* --unseen missing: for features that the model itself codes */
    struct lookup_settings lookup;
};

enum preprocess_input_kind {
    PREPROCESS_NUMBER, /* field.number */
    PREPROCESS_TEXT,   /* field.text: null texts are missing */
    PREPROCESS_KEY     /* field.key: the text as it stands (a category of the model) */
};

/* A column that the input must have, and where its values are expected. */
struct preprocess_input {
    struct span name; /* borrowed from the preprocess */
    enum preprocess_input_kind kind;
    bool is_boolean; /* goes as it is into a feature of type "i": t and f count as 1 and 0 */
    uint32_t target; /* column of column_batch's numbers (NUMBER) or texts (TEXT, KEY) */
};

/* Binds the spec: resolves every name, checks every type, and plans the columns. The spec, the schema
 * and the bytes of the names are borrowed until preprocess_close. ERROR_SPEC (with err->line, a line of
 * the spec), ERROR_HEADER (a feature that is neither in the input nor made by a step) or ERROR_MEMORY.
 * A spec that is not fitted is ERROR_SPEC. A database that cannot be had is ERROR_SYSTEM. */
enum status preprocess_open(struct preprocess **out, const struct spec *spec,
                            const struct preprocess_config *config, struct error *err);
void preprocess_close(struct preprocess *preprocess); /* NULL is allowed */

uint32_t preprocess_input_count(const struct preprocess *preprocess);
const struct preprocess_input *preprocess_inputs(const struct preprocess *preprocess);
uint32_t preprocess_number_count(const struct preprocess *preprocess); /* for column_batch_init */
uint32_t preprocess_text_count(const struct preprocess *preprocess);

/* The features, in the model's order: the feature_batch has this many columns. */
uint32_t preprocess_feature_count(const struct preprocess *preprocess);
const struct span *preprocess_feature_names(const struct preprocess *preprocess);

/* A column of numbers as it stands behind the last step (for --base-margin), or NAME_INDEX_NONE where
 * there is none of that name: then it may still be a column of the input that no step uses. */
int32_t preprocess_find_column(const struct preprocess *preprocess, struct span name);

/* Bytes that the columns of one row take: the input's and those that the steps make. */
size_t preprocess_row_size(const struct preprocess *preprocess);

/* Scratch for batches of at most row_capacity rows. Borrows preprocess until preprocess_lane_close. */
enum status preprocess_lane_open(struct preprocess_lane **out, const struct preprocess *preprocess,
                                 size_t row_capacity, struct error *err);
void preprocess_lane_close(struct preprocess_lane *lane); /* NULL is allowed */

/* Computes the features of input->row_count rows. input has at least row_capacity == the lane's stride
 * for its columns (any stride: input->row_capacity is used). records: the same rows; bad rows are not
 * looked at (their features mean nothing), rows that a step refuses are marked bad, EVENT_UNSEEN and
 * EVENT_UNDEFINED are noted by column; texts that steps make lie in records->texts. features must be
 * dense with preprocess_feature_count() columns and room for the rows; its row_count is set.
 * STATUS_FAILED for memory, or ERROR_SYSTEM from the database of a lookup. One lane is for one thread at a time. */
enum status preprocess_run(struct preprocess_lane *lane, const struct column_batch *input,
                           struct record_batch *records, struct feature_batch *features,
                           struct error *err);

/* Adds what lookups open again while they work. False for memory. */
bool preprocess_allow(const struct preprocess *preprocess, struct sandbox *sandbox);

/* Adds the figures of all lookups so far; returns how many lookups there are. */
uint32_t preprocess_add_lookup_counts(const struct preprocess *preprocess,
                                      struct lookup_counts *counts);

/* The values of a column found by preprocess_find_column, after preprocess_run: row_count float64, NaN
 * is missing. Borrowed until the lane's or the input batch's next use. */
const double *preprocess_column_values(const struct preprocess_lane *lane, int32_t column);

#endif
