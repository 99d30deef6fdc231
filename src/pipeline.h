/*
 * pipeline.h - the conductor: blocks of records out to workers, answers back in order.
 *
 *     read -> cut -> [ decode -> preprocess -> predict -> postprocess -> encode ] -> write
 *                      \__ one worker takes a block through all of it __/
 *
 * Serves predict and transform (a run without a model writes features). Batches, flushing, the policy for
 * bad records and the counters live here. Nothing here prints: what a user should hear goes to `events`.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sandbox.h"
#include "base/span.h"
#include "data/format.h"
#include "lookup/lookup.h"
#include "model/model.h"
#include "postprocess/postprocess.h"
#include "predict/engine.h"
#include "spec/spec.h"
#include "write/byte_sink.h"

enum missing_policy { MISSING_BY_FORMAT, MISSING_IS_ERROR, MISSING_IS_MISSING };
enum bad_record_policy { ON_ERROR_FAIL, ON_ERROR_SKIP, ON_ERROR_NULL };
enum header_policy { HEADER_AS_INPUT, HEADER_ALWAYS, HEADER_NEVER };

struct name_list {
    uint32_t count;
    struct span *names; /* borrowed for the run */
};

struct input_config {
    const char *const *paths; /* none: standard input; "-" is standard input */
    uint32_t path_count;
    enum input_format format;
    char delimiter;
    bool has_no_header;
    struct name_list columns;  /* --columns; implies has_no_header */
    struct name_list features; /* --features */
    const struct null_list *nulls;
    enum missing_policy missing_columns;
    bool unseen_is_missing;
    bool allows_ragged;
    struct span base_margin; /* --base-margin COL; data NULL: none */
    uint8_t index_base;
    bool absent_is_zero;
    uint64_t record_size_max; /* --max-record */
};

struct output_config {
    enum output_format format;
    enum header_policy header;
    struct name_list keep;
    bool keeps_all;
    struct span name; /* --name; data NULL: "prediction" */
    uint32_t type_count;
    enum answer_kind
        types[ANSWER_KIND_COUNT]; /* as asked, in order; none: value (transform: features) */
    struct name_list labels;
    bool has_threshold;       /* --threshold was given: the model must have two classes */
    struct span label_column; /* --label of transform to libsvm; data NULL: none */
    struct postprocess_config corrections; /* class_rule and wants are filled in by the pipeline */
};

struct run_config {
    enum bad_record_policy on_error;
    bool has_max_errors;
    uint64_t max_errors;
    uint32_t threads; /* at least 1 */
    bool is_line_buffered;
    bool wants_counts; /* per-column counters are wanted (summary, -v) */
    bool wants_times;  /* the share of each stage is wanted */
    int cancel_fd;     /* becomes readable when the run must stop; -1: none */
};

struct pipeline_config {
    struct input_config input;
    struct output_config output;
    struct run_config run;
    const struct model *model;   /* NULL: transform */
    const struct engine *engine; /* NULL: transform */
    uint32_t round_begin, round_end;
    const struct spec *spec; /* NULL: none */
    struct lookup_settings lookup;
    struct byte_sink *answers;
    struct byte_sink *rejects; /* NULL: none */
    struct sandbox *sandbox; /* entered when all is open; the sinks are in it already. NULL: none */
};

struct column_count {
    char *name; /* owned */
    uint64_t missing;
    uint64_t unseen;
    uint64_t undefined; /* a step's result was outside its domain */
    bool was_seen;      /* some record had it */
    bool is_feature;
};

enum pipeline_stage {
    STAGE_READ,
    STAGE_DECODE,
    STAGE_STEPS,
    STAGE_PREDICT,
    STAGE_ENCODE,
    STAGE_WRITE,
    STAGE_COUNT
};

/* The same for any number of threads: merged in record order, up to the record that decided the end. */
struct pipeline_counters {
    uint64_t records;     /* read: answered, dropped, nulled or rejected */
    uint64_t predictions; /* records that were answered with a prediction */
    uint64_t rejected;    /* bad records */
    uint64_t clamped;
    uint64_t nonfinite;
    uint64_t bytes_read;
    uint32_t column_count;
    struct column_count *columns; /* owned */
    double stage_seconds[STAGE_COUNT];
    uint32_t lookup_count;        /* lookup steps */
    struct lookup_counts lookups; /* of all of them; these depend on timing */
};
void pipeline_counters_release(struct pipeline_counters *counters);

/* Called in record order, one call at a time, possibly from several threads. Texts are borrowed for the call. */
struct pipeline_events {
    void *context;
    /* A bad record that the policy let pass. text: "line 7: column 'age': 'abc' is not a number" (with
     * "FILE: " in front when there are several files). */
    void (*bad_record)(void *context, const char *text);
    /* How far the run is; called now and then. */
    void (*progress)(void *context, uint64_t records, uint64_t bytes_read);
    /* Something that the user should know: once each. */
    void (*warning)(void *context, const char *text);
};

/* Runs to the end of the input, to the record that ends the run, or to a cancel. STATUS_OK: every record was
 * answered, skipped or nulled as asked. STATUS_END: cancelled. STATUS_FAILED: err says why, in full (file, line,
 * column); what was answered before it has been written to answers. The sinks are the caller's to commit.
 * counters is filled in every case. */
enum status pipeline_run(const struct pipeline_config *config, const struct pipeline_events *events,
                         struct pipeline_counters *counters, struct error *err);

/* The bad records of a run under ON_ERROR_FAIL end it with ERROR_RECORD and that text. */

#endif
