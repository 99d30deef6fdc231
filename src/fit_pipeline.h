/*
 * fit_pipeline.h - the conductor of fit: the same reading and decoding as predict, then one pass of
 * learning, in record order.
 *
 *     read -> cut -> decode -> collect ... -> fit the steps, one after another -> the spec, filled in
 *
 * One thread: what is learnt must not depend on timing, and decoding is little beside it.
 */
#ifndef FIT_PIPELINE_H
#define FIT_PIPELINE_H

#include "base/error.h"
#include "pipeline.h"

struct fit_pipeline_config {
    const struct input_config
        *input;                /* nulls are those in force: written into a spec that has none */
    struct name_list excluded; /* --keep, --label: columns that are never features */
    enum bad_record_policy on_error; /* fail or skip */
    bool has_max_errors;
    uint64_t max_errors;
    int cancel_fd;
    struct lookup_settings lookup;
    bool refits;
    struct byte_sink *rejects; /* NULL: none */
    struct sandbox *sandbox; /* as of pipeline_config. Databases are opened late: with them NULL */
};

/* Fits spec in place. events.warning names each parameter that was kept; events.bad_record each record that was
 * skipped. counters: records, rejected and bytes_read only. STATUS_END: cancelled. ERROR_SPEC where nothing is
 * left to fit or nothing can be learnt; ERROR_RECORD under fail. */
enum status fit_pipeline_run(const struct fit_pipeline_config *config, struct spec *spec,
                             const struct pipeline_events *events,
                             struct pipeline_counters *counters, struct error *err);

#endif
