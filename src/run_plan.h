/*
 * run_plan.h - everything about a run that is decided once, when the first header is known: which input
 * columns become what, how answers are corrected, named and written. (The control half of the pipeline.)
 */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "data/output_layout.h"
#include "field_table.h"
#include "pipeline.h"
#include "preprocess/preprocess.h"
#include "record_stream.h"
#include "write/encoder.h"

struct run_plan {
    const struct pipeline_config *config; /* borrowed */
    enum input_format input;
    enum output_format output;
    char delimiter;
    bool writes_header;

    struct field_table fields;
    struct header made_header; /* the columns of input without a header line */

    uint32_t feature_count;
    struct span *feature_names;    /* owned array; the names are borrowed or in `names` */
    bool is_sparse;                /* features travel as CSR */
    struct preprocess *preprocess; /* NULL without a spec */
    int32_t *
        margin_columns; /* owned: preprocess columns that are the base margins; NULL: read as fields */
    uint32_t margin_count;

    struct span *kept_names; /* owned array */
    struct span *kept_raws;  /* owned array, or NULL where the format changes */
    uint32_t kept_count;
    bool keeps_record;
    uint32_t raw_count; /* kept fields, then those that no record may have */
    int32_t label_raw;  /* transform to libsvm: the raw that is the label, or -1 */

    struct output_layout layout;
    struct postprocess_config post;
    struct encoder *encoder;

    size_t row_capacity;        /* rows of a batch */
    uint64_t block_records_max; /* records of a block */
    struct byte_buffer *names;  /* owned: names that were made here, each in a buffer of its own */
    size_t name_count;
    size_t name_capacity;
};

/* Makes the plan from the first FILE's header (or first record). plan is all-zero; the caller releases it
 * also after a failure. file is borrowed until then. ERROR_HEADER, ERROR_MODEL, ERROR_SPEC, ERROR_USAGE, ERROR_MEMORY. */
enum status run_plan_make(struct run_plan *plan, const struct pipeline_config *config,
                          const struct stream_file *file, enum input_format format,
                          struct error *err);
void run_plan_release(struct run_plan *plan);

/* Binds a FILE to the plan: *binding is the caller's to close. Under --keep-all its header must be
 * the first FILE's. */
enum status run_plan_bind(const struct run_plan *plan, const struct stream_file *file,
                          const struct stream_file *first, struct binding **binding,
                          struct error *err);

/* Whether a bound FILE's header lacks columns where that is allowed; text: what to warn of then. */
bool run_plan_find_absent(const struct stream_file *file, struct error *text);

/* The header that stands for a FILE: its own, or the made one. NULL for formats without. */
const struct header *run_plan_header(const struct run_plan *plan, const struct stream_file *file);

#endif
