/*
 * pipeline_counters.h - how the counters of a run (pipeline.h) are made and added to.
 */
#ifndef PIPELINE_COUNTERS_H
#define PIPELINE_COUNTERS_H

#include "base/error.h"
#include "block_job.h"
#include "data/field_plan.h"
#include "pipeline.h"

/* One column counter for each field of the plan; counters is all-zero. */
enum status pipeline_counters_make(struct pipeline_counters *counters,
                                   const struct field_plan *fields, struct error *err);

/* Adds a job that was written. Called in record order, one call at a time. */
enum status pipeline_counters_merge(struct pipeline_counters *counters,
                                    const struct field_plan *fields, const struct job *job,
                                    struct error *err);

/* Warns of each feature that no record had (jsonl, where a key may be absent), if any record was good. */
void pipeline_counters_warn(const struct pipeline_counters *counters,
                            const struct pipeline_events *events);

#endif
